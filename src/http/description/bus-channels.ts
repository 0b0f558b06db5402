import type * as v from "valibot";
import type { Channel } from "../../bus/channel.ts";
import { ALARM_SCHEMA } from "../../bus/payload/alarm.ts";
import { CAPABILITY_SCHEMA } from "../../bus/payload/capability.ts";
import { COMMAND_SCHEMA } from "../../bus/payload/command.ts";
import { CONFIG_DOCUMENT_SCHEMA } from "../../bus/payload/config-document.ts";
import { EVENT_SCHEMA } from "../../bus/payload/event.ts";
import { HEALTH_SCHEMA } from "../../bus/payload/health.ts";
import { MEASUREMENT_META_SCHEMA } from "../../bus/payload/measurement-meta.ts";
import { MEASUREMENT_SCHEMA } from "../../bus/payload/measurement-schema.ts";
import { REGISTRATION_SCHEMA } from "../../bus/payload/registration.ts";
import { TWIN_VALUE_SCHEMA } from "../../bus/payload/twin.ts";

/** A kind of messages on the topics of entities, and what the agent has to do with them (spec/mqtt-api §3). */
export interface BusChannel {
  /** Its parameters stand as `{name}`. */
  readonly channel: Channel;
  readonly title: string;
  readonly isRetained: boolean;
  readonly actions: readonly ("send" | "receive")[];
  readonly messages: Readonly<Record<string, BusMessage>>;
}

export interface BusMessage {
  readonly summary: string;
  /** Of JSON; without it the payload does not matter. */
  readonly payload?: v.GenericSchema;
  readonly isEmpty?: boolean;
}

const BOTH = ["receive", "send"] as const;
const ANYTHING: BusMessage = { summary: "Any payload" };

function cleared(summary: string): BusMessage {
  return { summary, isEmpty: true };
}

/** The channels of an entity by their name in the AsyncAPI document. */
export const BUS_CHANNELS = {
  registration: {
    channel: { kind: "registration" },
    title: "Registration of an entity",
    isRetained: true,
    actions: BOTH,
    messages: {
      registration: {
        summary: "Registers or updates; members of other names are initial twin data",
        payload: REGISTRATION_SCHEMA,
      },
      deregistration: cleared("Removes the entity and all below it"),
    },
  },
  twin: {
    channel: { kind: "twin", key: "{key}" },
    title: "A fragment of the digital twin",
    isRetained: true,
    actions: BOTH,
    messages: {
      twinFragment: { summary: "The value of the fragment; `null` takes it away", payload: TWIN_VALUE_SCHEMA },
      twinFragmentCleared: cleared("Takes the fragment away"),
    },
  },
  config: {
    channel: { kind: "config" },
    title: "Configuration that a service exposes",
    isRetained: true,
    actions: BOTH,
    messages: {
      config: { summary: "Values by key", payload: CONFIG_DOCUMENT_SCHEMA },
      configCleared: cleared("Takes it away"),
    },
  },
  measurement: {
    channel: { kind: "measurement", type: "{type}" },
    title: "What was measured",
    isRetained: false,
    actions: ["receive"],
    messages: { measurement: { summary: "Values and groups of values", payload: MEASUREMENT_SCHEMA } },
  },
  measurementMeta: {
    channel: { kind: "measurement-meta", type: "{type}" },
    title: "Units of measurements",
    isRetained: true,
    actions: ["receive"],
    messages: {
      measurementMeta: { summary: "Units by name of the value", payload: MEASUREMENT_META_SCHEMA },
      measurementMetaCleared: cleared("Takes them away"),
    },
  },
  event: {
    channel: { kind: "event", type: "{type}" },
    title: "Something that happened",
    isRetained: false,
    actions: ["receive"],
    messages: {
      event: { summary: "With details", payload: EVENT_SCHEMA },
      bareEvent: cleared("Without details"),
    },
  },
  alarm: {
    channel: { kind: "alarm", type: "{type}" },
    title: "A state that somebody should look at",
    isRetained: true,
    actions: ["receive"],
    messages: {
      alarm: { summary: "Raises the alarm", payload: ALARM_SCHEMA },
      alarmCleared: cleared("Ends it"),
    },
  },
  capability: {
    channel: { kind: "capability", operation: "{operation}" },
    title: "An operation that the entity can do",
    isRetained: true,
    actions: BOTH,
    messages: {
      capability: { summary: "It can", payload: CAPABILITY_SCHEMA },
      capabilityWithdrawn: cleared("It no longer can"),
    },
  },
  command: {
    channel: { kind: "command", operation: "{operation}", id: "{commandId}" },
    title: "One command: asked for by `init`, then its states",
    isRetained: true,
    actions: BOTH,
    messages: {
      command: {
        summary: "The state; members of other names belong to the operation and are kept",
        payload: COMMAND_SCHEMA,
      },
      commandCleared: cleared("The requester has seen the end"),
    },
  },
  healthCheck: {
    channel: { kind: "health-check" },
    title: "Asks a service, or all services of a device, to tell that they live",
    isRetained: false,
    actions: ["receive"],
    messages: { healthCheck: ANYTHING },
  },
  health: {
    channel: { kind: "status", component: "health" },
    title: "Whether a service lives",
    isRetained: true,
    actions: BOTH,
    messages: { health: { summary: "Its health", payload: HEALTH_SCHEMA } },
  },
  signal: {
    channel: { kind: "signal", type: "{type}" },
    title: "Asks a service to do something now",
    isRetained: false,
    actions: ["receive"],
    messages: { signal: ANYTHING },
  },
} as const satisfies Readonly<Record<string, BusChannel>>;

/** What the parameters of topics stand for. */
export const TOPIC_PARAMETERS: Readonly<Record<string, string>> = {
  segment1: "First segment of the topic id of the entity, `device` in the default scheme",
  segment2: "Second segment: the name of the device",
  segment3: "Third segment: `service` for a service, empty for a device",
  segment4: "Fourth segment: the name of the service, empty for a device",
  key: "Key of the fragment; not empty and not beginning with `@`",
  type: "Type; may be empty for measurements, events and alarms",
  operation: "Operation, such as `restart` or `software_update`",
  commandId: "Id that the requester has chosen",
};
