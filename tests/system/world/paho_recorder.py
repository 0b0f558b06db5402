"""Tells on stdout what arrives in a persistent session at QoS 1: the topic, and 1 if it came as a duplicate."""
import sys

import paho.mqtt.client as mqtt

port, client_id, username, password, filter = sys.argv[1:]
client = mqtt.Client(client_id=client_id, clean_session=False)
client.on_connect = lambda client, _data, _flags, _code: client.subscribe(filter, qos=1)
client.on_subscribe = lambda _client, _data, _id, _granted: print("subscribed", flush=True)
client.on_message = lambda _client, _data, message: print(f"message {message.topic} {int(message.dup)}", flush=True)
client.reconnect_delay_set(min_delay=0.1, max_delay=0.5)
if username:
    client.username_pw_set(username, password)
client.connect("127.0.0.1", int(port))
client.loop_forever()
