import sys
from bench.world import private_world, file_system
from bench.peers import *
from bench.series import *
from bench.load import *

with private_world() as folder:
    print(file_system(folder))
    g = GoogleAuthenticator(folder)
    p = Permit(folder)
    g.refresh(range(8000))
    o = [Oath(folder, n) for n in (10, 1000, 100000)]
    for clients, n in ((1, 1500), (4, 3000), (16, 4000), (64, 6000)):
        for m in take_turns([Case(s, Load(clients, range(n))) for s in (p, g)], 3):
            print(
                clients,
                m.case.subject.name,
                round(m.rate),
                m.p50_us,
                m.p99_us,
                m.unexpected,
                [round(r.rate) for r in m.runs],
            )
    for clients, n in ((1, 300), (4, 600)):
        for m in take_turns([Case(s, Load(clients, range(n), right=False)) for s in (g,)], 3):
            print(
                "wrong",
                clients,
                m.case.subject.name,
                round(m.rate),
                m.p50_us,
                m.p99_us,
                m.unexpected,
                [round(r.rate) for r in m.runs],
            )
    for c in (1, 4):
        for m in take_turns(
            [
                Case(o[0], Load(c, range(10), steps=tuple(range(-8, 8)))),
                Case(o[1], Load(c, range(300))),
                Case(o[2], Load(c, range(8))),
            ],
            3,
        ):
            print(
                c,
                m.case.subject.name,
                round(m.rate),
                m.p50_us,
                m.p99_us,
                m.unexpected,
                [round(r.rate) for r in m.runs],
                m.runs[0].returned,
            )
    for s in (g, o[1]):
        for m in take_turns([Case(s, Load(4, range(500), senders=4))], 2):
            print("once", m.case.subject.name, m.runs)
