"""Publishes numbered messages at QoS 1, each on a topic of its own, and tells on stdout which of them were acknowledged.

What is not acknowledged when a connection breaks, paho sends again over the next one, as a duplicate.
"""
import sys
import threading
import time

import paho.mqtt.client as mqtt

port, client_id, username, password, prefix, count, rate = sys.argv[1:]
all_acknowledged = threading.Event()


def on_publish(_client, _data, message_id):  # paho counts its messages from 1 on
    print(f"acknowledged {message_id - 1}", flush=True)
    acknowledged.add(message_id)
    if len(acknowledged) == int(count):
        all_acknowledged.set()


acknowledged = set()
client = mqtt.Client(client_id=client_id, clean_session=False)
client.on_publish = on_publish
client.reconnect_delay_set(min_delay=0.1, max_delay=0.5)
if username:
    client.username_pw_set(username, password)
client.connect("127.0.0.1", int(port))
client.loop_start()
begin = time.monotonic()
for number in range(int(count)):
    time.sleep(max(0, begin + number / float(rate) - time.monotonic()))
    client.publish(f"{prefix}{number}", f'{{"text":"{number}"}}', qos=1)
all_acknowledged.wait()
client.disconnect()
