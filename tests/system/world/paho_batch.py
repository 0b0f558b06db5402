"""Publishes what stands on stdin, one message a line: topic, retain flag and payload, the first and last in base64. Ends once all are acknowledged."""
import sys
from base64 import b64decode

import paho.mqtt.client as mqtt

client = mqtt.Client()
client.connect("127.0.0.1", int(sys.argv[1]))
client.loop_start()
for line in sys.stdin:
    topic, retain, payload = line.rstrip("\n").split(" ")
    client.publish(b64decode(topic).decode(), b64decode(payload), qos=1, retain=retain == "1").wait_for_publish(10)
client.disconnect()
client.loop_stop()
