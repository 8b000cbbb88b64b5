"""Steps of the Python client: so many sessions, a thread each. usage: client.py URL SESSIONS SECONDS PROGRAMS...

Prints a line when all sessions have begun, and one at the end: the steps, and the seconds and the processor's seconds they took.
"""

from __future__ import annotations

import sys
import threading
import time

from autoagent_env import Client

url, sessions, seconds, programs = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), sys.argv[4:]
clients = [Client(url) for _ in range(sessions)]
for i, client in enumerate(clients):
    client.reset(seed=i)
counts = [0] * sessions
begin = threading.Barrier(sessions + 1)
end = 0.0


def play(i: int) -> None:
    begin.wait()
    life = 0
    while time.perf_counter() < end:
        clients[i].reset(seed=life * sessions + i)
        for program in programs:
            counts[i] += 1
            if clients[i].step(program).done:
                break
        life += 1


threads = [threading.Thread(target=play, args=(i,)) for i in range(sessions)]
for thread in threads:
    thread.start()
print("begin", flush=True)
began, spent = time.perf_counter(), time.process_time()
end = began + seconds
begin.wait()
for thread in threads:
    thread.join()
print("end", sum(counts), time.perf_counter() - began, time.process_time() - spent, flush=True)
for client in clients:
    client.close()
