# SPDX-License-Identifier: Apache-2.0
"""Binlog files of more than 4 GiB: every position is 64 bits wide, also after a kill beyond 4 GiB."""
import big_file
import harness
from harness import Skip, on_servers, wait_for
from sluice import Sluice

SIZE = 4800 * 1000 * 1000


@on_servers(limit=900)
def test_file_over_4_gib_and_a_kill_inside(t):
    if not harness.FULL:
        raise Skip("10 GB of disk and minutes: only with FULL=1")
    name = big_file.make(t.server, SIZE)
    box = Sluice(t, device_mb=5200).start()
    wait_for(lambda: box.stored()[1] > 1 << 32 or box.stored()[0] > name, 300, "4 GiB to be stored")
    reached = box.stored()
    box.kill()
    box.start()
    stored = wait_for(box.status, what="the shell")["stored"]
    assert stored >= reached, "after the kill %s is stored, before it was %s" % (stored, reached)
    box.wait_caught_up(400)
    box.stop()
    t.note("killed at %s:%d, %.1f GB identical" % (*reached, box.compare() / 1e9))
