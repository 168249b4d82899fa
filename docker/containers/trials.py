"""What is done to the containers that run, and what callers see of it."""

import time
from collections import Counter
from typing import Any

import httpx

from docker.containers.deployment import PROJECT, Deployment, free_port, wait_until
from docker.containers.load import Ask, load

EDITS = '[{"attribute": "expression", "from": "source:0"}, {"attribute": "pose", "set": {"yaw": 20}}]'


def ask_five_calls(deployed: Deployment) -> dict[str, Any]:
    """The README's five calls: who is found by identity, and who by expression."""
    with deployed.client() as client:
        anna, ben = (done(client.post(f"/generate?count=1&seed={seed}")).content for seed in (53, 60))
        done(client.post("/embed?align=none", files={"image": anna}))
        files = {"image": anna, "source": ben}
        edited = done(client.post("/edit?align=none", files=files, data={"edits": EDITS})).content
        for subject, picture in (("anna", anna), ("ben", ben)):
            done(client.post("/faces?align=none", files={"image": picture}, data={"subject": subject}))
        found = {}
        for attribute in ("identity", "expression"):
            answer = client.post(f"/search?attr={attribute}&k=1&align=none", files={"image": edited})
            found[attribute] = done(answer).json()["results"][0]["subject"]
    if found != {"identity": "anna", "expression": "ben"}:
        raise AssertionError(f"the searches found {found}")
    return found


def kill_worker(deployed: Deployment) -> dict[str, int]:
    """One of two workers is killed under load, and started again as the engine would."""
    victim = deployed.containers("worker")[0]
    with load(deployed.client, embedding(deployed)) as running:
        time.sleep(5)
        deployed.engine.run("kill", "--signal", "KILL", victim)
        time.sleep(15)
        deployed.engine.run("start", victim, check=False)
        time.sleep(5)
    expect(running.answers, {"200"})
    return dict(running.answers)


def restart_redis(deployed: Deployment) -> dict[str, Any]:
    """Redis restarts under load; what was under way may be refused with 503, and nothing else."""
    [redis] = deployed.containers("redis")
    with load(deployed.client, embedding(deployed)) as running:
        time.sleep(3)
        deployed.engine.run("restart", redis)
        seconds = wait_until(deployed.ready, "ready after Redis restarted")
        time.sleep(5)
    expect(running.answers, {"200", "503"})
    return {**running.answers, "seconds_until_ready": round(seconds, 1)}


def pause_postgres(deployed: Deployment, seconds: float = 20.0) -> dict[str, Any]:
    """PostgreSQL stands still: liveness stays, embeddings go on, searches say 503; then all is as before."""
    [postgres] = deployed.containers("postgres")
    embed = embedding(deployed)
    picture = picture_of(deployed)
    asks: dict[str, Ask] = {
        "live": lambda client: client.get("/health/live"),
        "embed": embed,
        "search": lambda client: client.post("/search?align=none", files={"image": picture}),
    }
    deployed.engine.run("pause", postgres)
    try:
        with (
            # As a probe asks, without a key.
            load(lambda: httpx.Client(base_url=deployed.url, timeout=5), asks["live"], 1) as live,
            load(deployed.client, asks["embed"], 2) as embeds,
            load(deployed.client, asks["search"], 1) as searching,
        ):
            time.sleep(seconds)
            running = {"live": live, "embed": embeds, "search": searching}
            counts = {name: Counter(found.answers) for name, found in running.items()}
            deployed.engine.run("unpause", postgres)
    finally:
        deployed.engine.run("unpause", postgres, check=False)
    with deployed.client() as client:
        back = wait_until(lambda: asks["search"](client).is_success, "searches answer again")
    healthy = {name: deployed.health(name) for name in deployed.containers("api")}
    expect(counts["live"], {"200"}, at_least=int(seconds))
    expect(counts["embed"], {"200"}, at_least=int(seconds))
    if set(counts["search"]) != {"503"}:
        raise AssertionError(f"searches while PostgreSQL stood still: {dict(counts['search'])}")
    return {**{name: dict(found) for name, found in counts.items()}, "search_again_s": round(back, 1), **healthy}


def change_image(deployed: Deployment) -> dict[str, Any]:
    """A second API container, of an image that was made anew, takes the requests over before the first one stops."""
    [old] = deployed.containers("api")
    port, current = free_port(), [deployed.port]
    name = f"{PROJECT}-api-next"
    with load(lambda: deployed.client(current[0]), embedding(deployed)) as running:
        deployed.beside("api", name, "latest", "--publish", f"127.0.0.1:{port}:8000")
        try:
            seconds = wait_until(lambda: deployed.ready(port), "the new API is ready")
            current[0] = port
            time.sleep(0.5)
            stopping = time.monotonic()
            deployed.halt(old)
            stopped = time.monotonic() - stopping
            time.sleep(5)
            deployed.engine.run("start", old)
            wait_until(deployed.ready, "the first API is ready again")
            current[0] = deployed.port
            time.sleep(3)
        finally:
            running.stop()
            deployed.engine.run("rm", "--force", name)
    expect(running.answers, {"200"})
    return {**running.answers, "new_ready_s": round(seconds, 1), "old_stopped_s": round(stopped, 1)}


def picture_of(deployed: Deployment, port: int | None = None) -> bytes:
    """A drawn face, by the API at the published port or at another."""
    with deployed.client(port) as client:
        return done(client.post("/generate?count=1&seed=53")).content


def embedding(deployed: Deployment) -> Ask:
    """A caller who embeds a drawn face."""
    picture = picture_of(deployed)
    return lambda client: client.post("/embed?align=none", files={"image": picture})


def done(answer: httpx.Response) -> httpx.Response:
    """The answer itself. Raises AssertionError where it is none that was hoped for."""
    if not answer.is_success:
        raise AssertionError(f"{answer.request.url}: {answer.status_code} {answer.text[:500]}")
    return answer


def expect(answers: Counter[str], allowed: set[str], at_least: int = 1) -> None:
    """Raises AssertionError where answers are not as they should be."""
    if answers["200"] < at_least or set(answers) - allowed:
        raise AssertionError(f"of the answers only {sorted(allowed)} are right: {dict(answers)}")
