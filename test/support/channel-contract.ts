/** What every channel over HTTP must do, whatever its provider: told as tests over an imitation. */
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import type { Delivery, Notifier } from "../../guardian/ports.ts";
import { alertOf } from "./alert-fixture.ts";
import type { ProviderServer } from "./provider-server.ts";

export interface ContractCase {
  readonly notifier: Notifier;
  readonly server: ProviderServer;
  /** Messages that the provider took. */
  taken(): number;
  /** Parts that may never be shown. */
  readonly secrets: readonly string[];
}

type Undelivered = Extract<Delivery, { readonly kind: "undelivered" }>;

/** The delivery is a failure; returns it. */
export function failed(delivery: Delivery): Undelivered {
  assert.ok(delivery.kind === "undelivered", `delivered: ${JSON.stringify(delivery)}`);
  return delivery;
}

/** Sends one alert, and holds what comes back to what may be shown. */
export async function send(
  { notifier, secrets }: Pick<ContractCase, "notifier" | "secrets">,
  message = alertOf(),
  deadlineMs = 5000,
): Promise<Delivery> {
  const delivery = await notifier.send(message, deadlineMs);
  const shown = JSON.stringify(delivery);
  for (const secret of secrets) assert.ok(!shown.includes(secret), `${secret} in ${shown}`);
  if (delivery.kind === "undelivered") {
    assert.ok(delivery.reason.startsWith(notifier.name), delivery.reason);
  }
  return delivery;
}

/** `needsBody`: success is what the body says, so that a strange body is no success. */
export function channelContract(
  what: string,
  start: (t: TestContext) => Promise<ContractCase>,
  { needsBody }: { readonly needsBody: boolean },
): void {
  const begin = async (t: TestContext): Promise<ContractCase> => {
    const begun = await start(t);
    t.after(() => begun.server.close());
    return begun;
  };

  test(`${what}: a firing alert and its end are taken`, async (t) => {
    const channel = await begin(t);
    const first = await send(channel);
    assert.equal(first.kind, "delivered", JSON.stringify(first));
    const id = "guardian/lab/compute-1/unproven/resolved/1-2000";
    const last = await send(channel, alertOf({ id, status: "resolved" }));
    assert.equal(last.kind, "delivered", JSON.stringify(last));
    assert.ok(channel.taken() >= 2);
  });

  test(`${what}: silence, a reset and half an answer may be tried again`, async (t) => {
    const channel = await begin(t);
    for (const fault of ["silence", "reset", "half"] as const) {
      channel.server.fault(fault);
      assert.equal(failed(await send(channel, alertOf(), 400)).retryable, true, fault);
    }
    channel.server.fault(undefined);
    assert.equal((await send(channel)).kind, "delivered");
    assert.equal(channel.taken() >= 1, true);
  });

  test(`${what}: 429 and 503 are tried again after the pause that they ask for`, async (t) => {
    const channel = await begin(t);
    const pause = async (status: number, after: string): Promise<number | undefined> => {
      channel.server.fault({ status, headers: { "retry-after": after }, body: "slow down" });
      const delivery = failed(await send(channel));
      assert.equal(delivery.retryable, true);
      return delivery.retryAfterMs;
    };
    assert.equal(await pause(429, "7"), 7000);
    assert.equal(await pause(503, "1"), 1000);
    assert.equal(await pause(429, "999999999"), 3_600_000, "an hour at most");
    assert.equal(await pause(429, "soon"), undefined);
    const date = new Date(Date.now() + 60_000).toUTCString();
    const dated = (await pause(429, date)) ?? 0;
    assert.ok(dated > 50_000 && dated <= 60_000, String(dated));
  });

  test(`${what}: a redirect and a 404 are not tried again, and say what to do`, async (t) => {
    const channel = await begin(t);
    for (const status of [302, 404]) {
      channel.server.fault({ status, headers: { location: "http://192.0.2.1/" }, body: "" });
      const delivery = failed(await send(channel));
      assert.equal(delivery.retryable, false);
      assert.match(delivery.reason, new RegExp(`answered ${status}; .{8,}`));
    }
  });

  if (!needsBody) return;
  test(`${what}: a strange or a huge body under 200 is no success`, async (t) => {
    const channel = await begin(t);
    for (const fault of ["garbage", "huge"] as const) {
      channel.server.fault(fault);
      const delivery = failed(await send(channel));
      assert.equal(delivery.retryable, true);
      assert.ok(delivery.reason.length < 400, "a page is not shown whole");
    }
  });
}
