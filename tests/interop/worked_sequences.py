#!/usr/bin/env python3
"""Plays one of the worked sequences of the MQTT bus as its clients would, with paho-mqtt and curl, and ends with 0 if the agent answered so.

usage: worked_sequences.py SEQUENCE BROKER_PORT HTTP_PORT
"""
import json
import subprocess
import sys
import threading
import time

import paho.mqtt.client as mqtt

PATIENCE = 10  # seconds until an answer is missed
SILENCE = 0.5  # seconds in which nothing must come
VALVE = "te/device/valve2//"
VALVE_AGENT = "te/device/valve2/service/tedge-agent"
NOTHING = None


class Bus:
    """What is seen of child devices on the bus, apart from what this program published itself and what was retained before."""

    def __init__(self, port):
        self.seen, self.own, self.news = [], [], threading.Condition()
        self.client = mqtt.Client(client_id="worked-sequences")
        subscribed = threading.Event()
        self.client.on_subscribe = lambda *_: subscribed.set()
        self.client.on_message = self.on_message
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        self.client.subscribe("te/#", qos=1)
        assert subscribed.wait(PATIENCE), "the broker does not answer"

    def on_message(self, _client, _data, message):
        arrived = (message.topic, message.payload.decode())
        with self.news:
            if message.retain or message.topic.startswith("te/device/main/"):
                return
            if arrived in self.own:
                self.own.remove(arrived)
                return
            self.seen.append(arrived)
            self.news.notify_all()

    def publish(self, topic, content, retain=True):
        payload = "" if content is NOTHING else json.dumps(content)
        with self.news:
            self.own.append((topic, payload))
        self.client.publish(topic, payload, qos=1, retain=retain).wait_for_publish(PATIENCE)

    def expect(self, topic, content):
        """The next message on a topic, which has to be this; others may come before it, and are kept."""
        end = time.monotonic() + PATIENCE
        with self.news:
            while True:
                found = next((seen for seen in self.seen if seen[0] == topic), None)
                if found is not None:
                    self.seen.remove(found)
                    got = NOTHING if found[1] == "" else json.loads(found[1])
                    assert got == content, f"{topic}: got {found[1]!r}, not {content!r}"
                    return
                assert self.news.wait(end - time.monotonic()), f"nothing came on {topic}; seen: {self.seen}"

    def expect_nothing_more(self):
        time.sleep(SILENCE)
        with self.news:
            assert self.seen == [], f"unexpected: {self.seen}"

    def order_of(self, topics):
        """The order in which messages on these topics, not yet expected, have come."""
        with self.news:
            return [topic for topic, _ in self.seen if topic in topics]

    def wait_for(self, *topics):
        end = time.monotonic() + PATIENCE
        with self.news:
            while not set(topics) <= {topic for topic, _ in self.seen}:
                assert self.news.wait(end - time.monotonic()), f"not all of {topics} came; seen: {self.seen}"


class Api:
    def __init__(self, port):
        self.base = f"http://127.0.0.1:{port}/te/v1"

    def call(self, path, *options):
        """Status and content, by curl."""
        words = ["curl", "--silent", "--show-error", "--max-time", "10", "--write-out", "\n%{http_code}", *options]
        done = subprocess.run([*words, self.base + path], check=True, capture_output=True, text=True)
        content, _, status = done.stdout.rpartition("\n")
        return int(status), json.loads(content) if content else NOTHING

    def ids(self):
        return [entity["@topic-id"] for entity in self.call("/entities")[1]]

    def until(self, path, status, content):
        end = time.monotonic() + PATIENCE
        while (got := self.call(path)) != (status, content):
            assert time.monotonic() < end, f"GET {path}: {got}, not {(status, content)}"
            time.sleep(0.02)


def child_agent_starts(bus, api):
    """A: a child's agent, of which nothing is known yet."""
    bus.publish(VALVE_AGENT, {"@type": "service", "@parent": "device/valve2//", "name": "tedge-agent", "type": "service"})
    bus.publish(f"{VALVE_AGENT}/status/health", {"pid": 81, "status": "up", "time": time.time()})
    bus.expect(VALVE, {"@type": "child-device", "@parent": "device/main//", "name": "valve2"})
    bus.publish(f"{VALVE}/cmd/restart", {})
    bus.expect(f"{VALVE}/twin/name", "valve2")
    bus.expect(f"{VALVE_AGENT}/twin/name", "tedge-agent")
    bus.expect(f"{VALVE_AGENT}/twin/type", "service")
    bus.expect_nothing_more()
    status, service = api.call("/entities/device/valve2/service/tedge-agent")
    assert (status, service["@parent"]) == (200, "device/valve2//"), service


def child_agent_starts_unannounced(bus, api):
    """B: the same without automatic registration."""
    bus.publish(VALVE_AGENT, {"@type": "service", "@parent": "device/valve2//", "name": "tedge-agent", "type": "service"})
    bus.publish(f"{VALVE_AGENT}/status/health", {"pid": 81, "status": "up", "time": time.time()})
    bus.expect_nothing_more()
    assert api.call("/entities/device/valve2//")[0] == 404
    bus.publish(VALVE, {"@type": "child-device"})
    bus.expect(f"{VALVE_AGENT}/twin/name", "tedge-agent")
    bus.expect(f"{VALVE_AGENT}/twin/type", "service")
    bus.expect_nothing_more()
    assert api.ids()[-2:] == ["device/valve2//", "device/valve2/service/tedge-agent"], api.ids()


def registration_is_updated(bus, api):
    """C: twin data of a registration, and of its own topic."""
    bus.publish(VALVE, {"@type": "child-device", "@id": "V2", "name": "Valve", "rack": 3})
    bus.expect(f"{VALVE}/twin/name", "Valve")
    bus.expect(f"{VALVE}/twin/rack", 3)
    assert api.call("/entities/device/valve2//")[1]["@id"] == "V2"
    bus.publish(f"{VALVE}/twin/rack", 4)
    bus.expect_nothing_more()
    api.until("/entities/device/valve2///twin", 200, {"name": "Valve", "rack": 4})
    bus.publish(VALVE, {"@type": "child-device", "@id": "V2", "name": "Valve 2"})
    bus.expect(f"{VALVE}/twin/name", "Valve 2")
    bus.publish(VALVE, {"@type": "child-device", "@id": "V2", "name": "Valve 2"})
    bus.expect_nothing_more()
    api.until("/entities/device/valve2///twin", 200, {"name": "Valve 2", "rack": 4})


def registration_is_removed(bus, api):
    """D: a child with a service and a nested child."""
    nozzle, plc = "te/device/nozzle//", "te/device/valve2/service/plc"
    bus.publish(VALVE, {"@type": "child-device"})
    bus.publish(plc, {"@type": "service"})
    bus.publish(nozzle, {"@type": "child-device", "@parent": "device/valve2//", "name": "Nozzle"})
    bus.expect(f"{nozzle}/twin/name", "Nozzle")
    bus.publish(f"{plc}/status/health", {"status": "up"})
    bus.publish(f"{nozzle}/a/clog", {"severity": "major", "text": "clogged"})
    api.until("/entities/device/nozzle//", 200, {"@topic-id": "device/nozzle//", "@parent": "device/valve2//", "@type": "child-device"})
    status, removed = api.call("/entities/device/valve2//", "--request", "DELETE")
    ids = [entity["@topic-id"] for entity in removed]
    assert (status, ids) == (200, ["device/valve2//", "device/nozzle//", "device/valve2/service/plc"]), removed
    registrations = [VALVE, nozzle, plc]
    bus.wait_for(*registrations, f"{plc}/status/health", f"{nozzle}/a/clog", f"{nozzle}/twin/name")
    order = bus.order_of(registrations)
    assert order[-1] == VALVE and len(order) == 3, order
    for topic in [*registrations, f"{plc}/status/health", f"{nozzle}/a/clog", f"{nozzle}/twin/name"]:
        bus.expect(topic, NOTHING)
    bus.expect_nothing_more()
    assert "device/valve2//" not in api.ids()


def device_is_known_before_a_restart(bus, api):
    """E, first half: what the main agent has to know again after its restart."""
    bus.publish(VALVE, {"@type": "child-device", "name": "Valve"})
    bus.expect(f"{VALVE}/twin/name", "Valve")
    bus.publish(f"{VALVE}/twin/rack", 4)
    api.until("/entities/device/valve2///twin/rack", 200, 4)


def device_is_known_after_a_restart(bus, api):
    """E, second half."""
    api.until("/entities/device/valve2///twin", 200, {"name": "Valve", "rack": 4})
    bus.publish(f"{VALVE}/m/flow", {"flow": 2.5}, retain=False)
    bus.expect_nothing_more()


def command_of_a_local_client(bus, api):
    """F: on a child, whose agent the other half of this program is."""
    topic = f"{VALVE}/cmd/restart/local-7"
    bus.publish(topic, {"status": "init"})
    bus.expect_nothing_more()
    assert api.call("/entities/device/valve2//")[0] == 404
    for status in ["executing", "successful"]:
        bus.publish(topic, {"status": status})
    bus.publish(topic, NOTHING)
    bus.expect_nothing_more()


SEQUENCES = {
    "A": child_agent_starts,
    "B": child_agent_starts_unannounced,
    "C": registration_is_updated,
    "D": registration_is_removed,
    "E1": device_is_known_before_a_restart,
    "E2": device_is_known_after_a_restart,
    "F": command_of_a_local_client,
}

sequence, broker_port, http_port = sys.argv[1:]
SEQUENCES[sequence](Bus(int(broker_port)), Api(int(http_port)))
