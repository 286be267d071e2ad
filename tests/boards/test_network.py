# SPDX-License-Identifier: Apache-2.0
"""Address and time from a network that the test plays itself: silence, leases, renewals, refusals."""
import calendar

from board import PROMPT
from segment import ACK, DISCOVER, NAK, OFFER, Segment

CONFIG = """[appliance]
hostname = leased
%s
[source]
host = 10.5.0.1
user = relay

[task]
autostart = off
"""
EPOCH = calendar.timegm((2031, 5, 5, 12, 0, 0))


def test_a_lease_and_its_life(box):
    state = {"silent": 3, "address": "10.5.0.77", "refuse": False}

    def rule(asked):
        if asked.type == DISCOVER:
            if state["silent"] > 0:
                state["silent"] -= 1
                return None
            return OFFER, state["address"]
        if asked.client == "0.0.0.0":           # asks for what was offered
            return (ACK, state["address"]) if asked.wanted() == state["address"] else (NAK, None)
        if state["refuse"]:                     # renews
            state["refuse"] = False
            state["address"] = "10.5.0.78"
            return NAK, None
        return (ACK, asked.client) if asked.target == "255.255.255.255" else None

    with Segment(rule, epoch=EPOCH) as segment:
        box.make_data()
        box.make_conf({"sluice.ini": CONFIG % ""})
        box.start(net=segment.net, clock="2000-01-01T00:00:00")
        # The console is there before the network is.
        box.expect(PROMPT, 30)
        box.expect(r"no DHCP server answers on eth0", 30)
        box.expect(r"eth0 has 10\.5\.0\.77/24, gateway 10\.5\.0\.1 \(DHCP of 10\.5\.0\.1\)", 30)
        first = segment.asked[0]
        assert first.type == DISCOVER and first.flags & 0x8000, "not broadcast"
        assert first.options[12] == b"leased", first.options

        # The clock begins at the build's time and then has the segment's.
        box.expect(r"clock: 2031-05-05 12:00:0\d UTC, from 10\.5\.0\.1", 30)
        assert segment.ntp_asked == 1

        # The server itself says nothing to the renewal: anybody is asked before the lease ends.
        for _ in range(150):
            box.read(0.1)
            broadcast = [a for a in segment.asked if a.client == "10.5.0.77"
                         and a.target == "255.255.255.255"]
            if broadcast:
                break
        unicast = [a for a in segment.asked if a.client == "10.5.0.77" and a.target == "10.5.0.1"]
        assert unicast and broadcast, [(a.type, a.client, a.target) for a in segment.asked]
        assert broadcast[0].when > unicast[0].when
        assert all(50 not in a.options and 54 not in a.options for a in unicast + broadcast)

        # The server takes the address back: the box leases the next.
        state["refuse"] = True
        box.expect(r"takes the address of eth0 back", 30)
        box.expect(r"eth0 has 10\.5\.0\.78/24", 30)
        status = box.ask("status")["box"]
        assert "10.5.0.78" in status["address"], status
        assert 0 <= status["now_at_ms"] / 1000 - EPOCH < 60, status
        assert segment.error is None, segment.error


def test_a_silent_time_server(box):
    """A server that is silent at first is named once, asked on, and believed when it answers."""
    def rule(asked):
        return (OFFER if asked.type == DISCOVER else ACK, "10.5.0.77")

    with Segment(rule, renew=30, rebind=50) as segment:
        box.make_data()
        box.make_conf({"sluice.ini": CONFIG % "ntp = 10.5.0.1\n"})
        box.start(net=segment.net, clock="2000-01-01T00:00:00")
        box.expect(r"eth0 has 10\.5\.0\.77/24", 30)
        box.expect(r"clock: no time server answers \(10\.5\.0\.1 does not answer\); still asking", 60)
        status = box.ask("status")["box"]
        # The clock chip's 2000 was before this program was built: that is what it has.
        assert calendar.timegm((2025, 1, 1, 0, 0, 0)) < status["now_at_ms"] / 1000 < EPOCH, status
        assert status["clock"] != "set", status
        segment.epoch = EPOCH
        box.expect(r"clock: 2031-05-05 12:00:0\d UTC", 40)
