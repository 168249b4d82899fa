# Debian's Python 3.11 with the names and places of the official slim image.
FROM scratch
ADD root.tar /
RUN ln -s /usr/bin/python3 /usr/local/bin/python
CMD ["python"]
