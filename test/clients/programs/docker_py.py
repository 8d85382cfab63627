# Uses docker-py for everything that an adopter would, and prints what it sees.
import io
import tarfile
import threading

import docker

client = docker.from_env()


def show(*values):
    print(*values)


show("ping", client.ping())
show("version", client.version()["Os"])
show("info", client.info()["OSType"])
show("run", client.containers.run("busybox", ["echo", "hello"], remove=True))
try:
    client.containers.run("busybox", ["sh", "-c", "echo bad >&2; exit 3"], remove=True)
except docker.errors.ContainerError as error:
    show("failed", error.exit_status, error.stderr)
for name, work in {
    "image": lambda: client.images.get("nosuch"),
    "container": lambda: client.containers.get("nosuch"),
    "pull": lambda: client.images.pull("127.0.0.1:1/nosuch"),
    "volume": lambda: client.volumes.get("nosuch"),
    "network": lambda: client.networks.get("nosuch"),
}.items():
    try:
        work()
    except docker.errors.APIError as error:
        show(name, type(error).__name__)

image, lines = client.images.build(
    fileobj=io.BytesIO(b"FROM busybox\nRUN echo built\nLABEL a=b\n"), tag="made:1", rm=True
)
show("build", image.tags, image.labels)
show("history", len(image.history()) > 0)
show("save", sum(len(chunk) for chunk in image.save()) > 0)

web = client.containers.run(
    "busybox",
    ["sh", "-c", "echo one; echo two >&2; sleep 1000"],
    detach=True,
    name="web",
    labels={"x": "y"},
    environment={"A": "1"},
    ports={"80/tcp": ("127.0.0.1", None)},
    mem_limit="64m",
    tmpfs={"/t": "size=1m"},
)
web.reload()
show("status", web.status, web.name, web.labels, list(web.ports))
show("list", [one.name for one in client.containers.list(filters={"label": "x=y"})])
show("exec", web.exec_run("sh -c 'echo $A; exit 4'"))
show("exec", web.exec_run(["sh", "-c", "echo out; echo err >&2"], demux=True))
show("stream", b"".join(web.exec_run("echo streamed", stream=True).output))
socket = web.exec_run("cat", stdin=True, socket=True).output
socket._sock.sendall(b"through a socket\n")
socket._sock.shutdown(1)
received = b""
while True:
    chunk = socket._sock.recv(4096)
    if not chunk:
        break
    received += chunk
show("socket", received[8:])
show("logs", sorted(web.logs().decode().split()))
show("logs", next(web.logs(stream=True, follow=True, stderr=False)))
stats = web.stats(stream=False)
show("stats", stats["memory_stats"]["limit"], stats["pids_stats"]["current"])
archive = io.BytesIO()
with tarfile.open(fileobj=archive, mode="w") as tar:
    info = tarfile.TarInfo("put")
    info.size = 4
    tar.addfile(info, io.BytesIO(b"put\n"))
show("put", web.put_archive("/tmp", archive.getvalue()))
chunks, status = web.get_archive("/tmp/put")
with tarfile.open(fileobj=io.BytesIO(b"".join(chunks))) as tar:
    show("get", status["name"], status["size"], tar.extractfile("put").read())
show("top", web.top(ps_args="-o pid,args")["Titles"])
show("diff", any(one["Path"] == "/tmp/put" for one in web.diff()))
web.pause()
web.reload()
show("paused", web.status)
web.unpause()
web.rename("site")
web.update(mem_limit="128m", memswap_limit="256m")
show("commit", web.commit("made", "2").tags)
network = client.networks.create("net", ipam=docker.types.IPAMConfig(
    pool_configs=[docker.types.IPAMPool(subnet="10.79.0.0/24", gateway="10.79.0.9")]))
network.connect(web, ipv4_address="10.79.0.50", aliases=["alias"])
web.reload()
show("network", web.attrs["NetworkSettings"]["Networks"]["net"]["IPAddress"])
network.disconnect(web)
network.remove()
volume = client.volumes.create("vol", labels={"a": "b"})
show("volume", volume.name, volume.attrs["Labels"])
show("mounted", client.containers.run("busybox", "sh -c 'echo kept >/v/f; cat /v/f'", volumes={"vol": {"bind": "/v", "mode": "rw"}}, remove=True))
volume.remove()

events = client.events(decode=True, filters={"container": "site", "event": ["kill", "die", "stop"]})
seen = []
watcher = threading.Thread(target=lambda: [seen.append(one["Action"]) for one in events])
watcher.start()
web.stop(timeout=0)
show("wait", web.wait()["StatusCode"])
while len(seen) < 4:
    watcher.join(0.1)
events.close()
show("events", sorted(seen))
web.remove(v=True)
show("prune", client.containers.prune()["ContainersDeleted"])
client.images.remove("made:2")
client.images.remove("made:1")
show("df", sorted(client.df())[:2])
