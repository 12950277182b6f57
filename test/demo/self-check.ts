/** What must be true at the end of the demo, as data: each with its name and what was found. */

/** What the demo saw; the simulation's own truth, not the guardian's word. */
export interface Facts {
  readonly lost: {
    readonly host: string;
    /** Its servers at the time of the power loss, as Nova shows them at the end. */
    readonly servers: readonly {
      readonly name: string;
      readonly host: string;
      readonly status: string;
    }[];
    /** Authentic alerts about it that reached the webhook receiver: pages and notifications. */
    readonly alerts: number;
  };
  readonly cut: {
    readonly host: string;
    readonly verdict: string | undefined;
    readonly power: "on" | "off";
    readonly offOrders: number;
    readonly evacuations: number;
    readonly forcedDown: boolean;
    readonly disabled: boolean;
  };
  readonly doubleStarts: number;
  /** Webhooks whose signature was wrong. */
  readonly forged: number;
  readonly totalMs: number;
}

export interface Check {
  readonly name: string;
  readonly pass: boolean;
  readonly found: string;
}

export const totalMsMax = 60_000;

export function selfCheck({ lost, cut, doubleStarts, forged, totalMs }: Facts): readonly Check[] {
  const running = lost.servers.filter(
    (server) => server.status === "ACTIVE" && server.host !== lost.host,
  );
  const acts = [
    ...(cut.offOrders > 0 ? [`${cut.offOrders} off orders`] : []),
    ...(cut.power === "off" ? ["its power is off"] : []),
    ...(cut.evacuations > 0 ? [`${cut.evacuations} evacuations`] : []),
    ...(cut.forcedDown ? ["forced down"] : []),
    ...(cut.disabled ? ["disabled"] : []),
  ];
  return [
    {
      name: `every server of ${lost.host} runs elsewhere`,
      pass: lost.servers.length > 0 && running.length === lost.servers.length,
      found: `${running.length} of ${lost.servers.length}`,
    },
    {
      name: "no server was started twice",
      pass: doubleStarts === 0,
      found: `${doubleStarts} double starts`,
    },
    {
      name: `people were told of ${lost.host} by a signed webhook`,
      pass: lost.alerts > 0 && forged === 0,
      found: `${lost.alerts} alerts, ${forged} forged`,
    },
    {
      name: `${cut.host} was judged isolated`,
      pass: cut.verdict === "isolated",
      found: cut.verdict ?? "no verdict",
    },
    {
      name: `${cut.host} was neither fenced nor evacuated`,
      pass: acts.length === 0,
      found: acts.length === 0 ? "untouched" : acts.join(", "),
    },
    {
      name: `it all took less than ${totalMsMax / 1000} s`,
      pass: totalMs < totalMsMax,
      found: `${(totalMs / 1000).toFixed(1)} s`,
    },
  ];
}
