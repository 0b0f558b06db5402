#!/usr/bin/env python3
"""A child device: registers itself, publishes its load, raises an alarm when it is high, and takes configuration updates.

It needs nothing but an MQTT client and HTTP, here paho-mqtt 1.6 (Debian: python3-paho-mqtt).
"""
import argparse
import json
import os
import time
import urllib.request

import paho.mqtt.client as mqtt

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("name", help="of this device, as in its topic te/device/NAME//")
parser.add_argument("config", help='file with its configuration, such as {"every": 5, "highest_load": 4}')
parser.add_argument("--host", default="localhost", help="where the broker is")
parser.add_argument("--port", default=1883, type=int)
options = parser.parse_args()
device = f"te/device/{options.name}//"
config = {"every": 5, "highest_load": os.cpu_count()}
started = set()


def publish(topic, content, retain=False):
    client.publish(topic, json.dumps(content) if content else "", qos=1, retain=retain)


def on_connect(client, _data, _flags, _code):
    publish(device, {"@type": "child-device", "name": options.name, "type": "linux"}, retain=True)
    publish(f"{device}/cmd/config_update", {"types": ["device"]}, retain=True)
    client.subscribe(f"{device}/cmd/config_update/+", qos=1)  # commands are retained: those that came meanwhile arrive now


def on_message(_client, _data, message):
    command = json.loads(message.payload or "{}")  # empty at the end, when the requester clears the topic
    interrupted = command.get("status") == "executing" and message.topic not in started  # by a loss of power
    if command.get("status") == "init" or interrupted:
        started.add(message.topic)
        publish(message.topic, {**command, "status": "executing"}, retain=True)
        publish(message.topic, {**command, **update(command)}, retain=True)


def update(command):
    try:
        with urllib.request.urlopen(command.get("tedgeUrl") or command.get("remoteUrl"), timeout=60) as download:
            new = json.load(download)
        config.update(every=float(new["every"]), highest_load=float(new["highest_load"]))
        with open(options.config + ".new", "w") as file:
            json.dump(config, file)
        os.replace(options.config + ".new", options.config)
        publish(f"{device}/e/config_changed", {"text": f"The configuration is {config}"})
        return {"status": "successful"}
    except Exception as error:
        return {"status": "failed", "reason": f"{type(error).__name__}: {error}"}


if os.path.exists(options.config):
    with open(options.config) as file:
        config.update(json.load(file))
client = mqtt.Client(client_id=options.name)
client.on_connect, client.on_message = on_connect, on_message
client.connect_async(options.host, options.port)
client.loop_start()
alarm = None
while True:
    load = os.getloadavg()[0]
    publish(f"{device}/m/load", {"load": load})
    before, alarm = alarm, {"severity": "major", "text": "The load is high"} if load > config["highest_load"] else None
    if alarm != before:
        publish(f"{device}/a/high_load", alarm, retain=True)  # an empty message clears it
    time.sleep(config["every"])
