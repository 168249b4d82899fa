# Debian's Redis with the user, the folder and the command of the official image.
FROM facet-standin
RUN groupadd --gid 1000 redis && useradd --uid 999 --gid 1000 --no-create-home redis \
    && apt-get update && apt-get install -y --no-install-recommends redis-server \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/* && install -d -o redis -g redis /data
WORKDIR /data
EXPOSE 6379
CMD ["redis-server"]
