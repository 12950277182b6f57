/** Where an alert leads to: the runbook of its kind. */
import type { AlertMessage } from "../ports.ts";

/** Kinds with a page in docs/runbooks; a kind made of a name (row-11a, device-bmc) begins with its own. */
export const runbooks = {
  exact: [
    "ask",
    "blind",
    "dead",
    "disarmed",
    "drain",
    "fence-failed",
    "held",
    "home",
    "hung",
    "isolated",
    "journal",
    "left-behind",
    "maintenance-over",
    "no-room",
    "nova",
    "not-switched-back",
    "outbox",
    "power-network",
    "proof-lost",
    "quarantined",
    "silent-in-doubt",
    "storm",
    "unattended",
    "unguarded-down",
    "unproven",
  ],
  begins: ["channel", "device", "row", "storm"],
} as const;

export interface AlertLinks {
  readonly runbook?: string;
}

/** Links of an alert; none where there is no page for its kind. */
export function linksOf(
  { kind }: Pick<AlertMessage, "kind">,
  { runbookBase }: { readonly runbookBase: string },
): AlertLinks {
  const page = runbookOf(kind);
  if (page === undefined) return {};
  return { runbook: `${runbookBase.replace(/\/$/, "")}/${page}.md` };
}

/** The page's name, without its ending. */
export function runbookOf(kind: string): string | undefined {
  const exact = runbooks.exact.find((name) => name === kind);
  return exact ?? runbooks.begins.find((name) => kind.startsWith(`${name}-`));
}

/** The link, if it is one that a browser opens. */
export function webLink(link: string | undefined): string | undefined {
  return link !== undefined && /^https?:\/\//.test(link) ? link : undefined;
}
