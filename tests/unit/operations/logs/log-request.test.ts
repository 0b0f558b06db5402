import { describe, expect, test } from "bun:test";
import { readLogRequest } from "../../../../src/operations/logs/log-request.ts";

const REQUEST = {
  status: "executing",
  type: "mosquitto::journald",
  tedgeUrl: "http://127.0.0.1:8000/te/v1/files/main/log_upload/x-1",
  dateFrom: "2024-05-01T00:00:00.500+00:00",
  dateTo: "2024-05-02T00:00:00.120+02:00",
  lines: 1000,
  searchText: "ERROR",
};

function read(change: Record<string, string | number | null | undefined>) {
  const members = Object.entries({ ...REQUEST, ...change }).filter(([, value]) => value !== undefined);
  return readLogRequest({ ...Object.fromEntries(members), status: "executing" } as typeof REQUEST);
}

describe("a request for a log", () => {
  test("gives the plugin behind the first ::, times in seconds, and dates in canonical form", () => {
    expect(read({})).toEqual({
      ok: true,
      value: {
        log: "mosquitto",
        plugin: "journald",
        since: 1_714_521_600,
        until: 1_714_600_800,
        lines: 1000,
        searchText: "ERROR",
        uploadUrl: REQUEST.tedgeUrl,
        dates: { dateFrom: "2024-05-01T00:00:00.5Z", dateTo: "2024-05-02T00:00:00.12+02:00" },
      },
    });
  });

  test.each([
    ["app", { log: "app", plugin: "file" }],
    ["a::b::c", { log: "a", plugin: "b::c" }],
    ["::journald", { log: "", plugin: "journald" }],
  ])("for the type %s goes to the right plugin", (type, expected) => {
    expect(read({ type })).toMatchObject({ value: expected });
  });

  test("needs no text to search for", () => {
    expect(read({ searchText: undefined })).toMatchObject({ value: { searchText: "" } });
    expect(read({ searchText: null })).toMatchObject({ value: { searchText: "" } });
  });

  test.each([
    [{ type: undefined }, "Invalid request: type is missing"],
    [{ type: "" }, "Invalid request: type must not be empty"],
    [{ type: "a\nb" }, "Invalid request: type must be one line"],
    [{ tedgeUrl: undefined }, "Invalid request: tedgeUrl is missing"],
    [{ tedgeUrl: 7 }, "Invalid request: tedgeUrl must be a text"],
    [{ dateFrom: undefined }, "Invalid request: dateFrom is missing"],
    [
      { dateFrom: "yesterday" },
      "Invalid request: dateFrom must be a date and time as of RFC 3339: the 'year' component could not be parsed",
    ],
    [{ dateTo: 1_714_521_600 }, "Invalid request: dateTo must be a text"],
    [{ lines: undefined }, "Invalid request: lines is missing"],
    [{ lines: -1 }, "Invalid request: lines must be a number of lines, 0 or more"],
    [{ lines: 1.5 }, "Invalid request: lines must be a number of lines, 0 or more"],
    [{ lines: "10" }, "Invalid request: lines must be a number of lines, 0 or more"],
    [{ searchText: 1 }, "Invalid request: searchText must be a text"],
  ])("with %j is refused with a reason", (change, message) => {
    expect(read(change)).toMatchObject({ ok: false, fault: { message } });
  });
});
