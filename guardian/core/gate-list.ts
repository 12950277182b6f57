/**
 * Every gate, for people: what it asks, whether it fails open or closed, and why. "Closed": when
 * the answer is not known, nothing is done. `…` stands for a name: a collector, a failure domain.
 */
export interface GateEntry {
  readonly gate: string;
  readonly asks: string;
  readonly fails: "open" | "closed";
  readonly why: string;
}

export const gateList: readonly GateEntry[] = [
  {
    gate: "armed",
    asks: "may the guardian act at all?",
    fails: "closed",
    why: "a person, the file `disarmed`, three starts in ten minutes or a wrong chassis stopped it",
  },
  { gate: "mode", asks: "was acting asked for?", fails: "closed", why: "observe is the default" },
  {
    gate: "hold",
    asks: "did a person say stop, or that it is no failure?",
    fails: "closed",
    why: "the person at the rack knows more",
  },
  {
    gate: "maintenance",
    asks: "is the host in service?",
    fails: "closed",
    why: "somebody may be inside the chassis",
  },
  {
    gate: "rehearsal",
    asks: "is its power not being cycled on purpose?",
    fails: "closed",
    why: "it is empty and silent because we switched it off; the rehearsal's own end comes in 15 min at most",
  },
  {
    gate: "host aggregates",
    asks: "are Nova's host aggregates known since the start, where groups, domains or tags are configured?",
    fails: "closed",
    why: "who does not know a host's group does not know its mode, its windows or its rack",
  },
  {
    gate: "disabled by another",
    asks: "did someone else disable it or force it down?",
    fails: "closed",
    why: "a mark of another guardian or a person means hands off",
  },
  {
    gate: "eyes, collectors",
    asks: "has a collector's watermark advanced within 3 s?",
    fails: "closed",
    why: "silence is what a watermark vouches for",
  },
  {
    gate: "eyes, ledger of …",
    asks: "was no datagram dropped and no liveness row shed for 15 s?",
    fails: "closed",
    why: "a deaf collector hears every host silent",
  },
  {
    gate: "eyes, lag of the store behind …",
    asks: "is the store at most 5 s behind the live view, and behind its own best without one?",
    fails: "open",
    why: "with a live view that is newest we see; that the store lags is told as a notification",
  },
  {
    gate: "eyes, networks",
    asks: "did an anchor answer us within 3 s, on one network at least?",
    fails: "closed",
    why: "without an anchor a failed ping may be our own cable",
  },
  {
    gate: "eyes, own loop and clock",
    asks: "did we neither pause nor step by more than 2 s in the last 15 s?",
    fails: "closed",
    why: "after a pause every age is stale",
  },
  {
    gate: "eyes, journal",
    asks: "can the journal be written?",
    fails: "closed",
    why: "an order that is not remembered may be given twice",
  },
  {
    gate: "eyes, other hosts heard on its paths",
    asks: "is another host fresh where this one used to be heard?",
    fails: "closed",
    why: "a path on which nobody is heard proves nothing",
  },
  {
    gate: "eyes, networks it can be pinged on",
    asks: "is there a network that is seen and has its address?",
    fails: "closed",
    why: "a host that cannot be asked cannot be called dead",
  },
  {
    gate: "grace",
    asks: "have we watched it long enough since the start?",
    fails: "closed",
    why: "after a start everything is silent for a moment",
  },
  {
    gate: "third witness",
    asks: "does power read off, or does Nova's record stand still?",
    fails: "closed",
    why: "reports and pings share networks; death needs a witness of another kind",
  },
  {
    gate: "reverse ping",
    asks: "did the last four pings fail on every network seen?",
    fails: "closed",
    why: "one echo on any network is life",
  },
  {
    gate: "storm",
    asks: "are few hosts in trouble?",
    fails: "closed",
    why: "many at once: the cause is rarely the hosts",
  },
  {
    gate: "suspects",
    asks: "could it become a storm this moment?",
    fails: "open",
    why: "after 10 s in any 5 min (twice the time from suspect to silent, where that is longer): a flapper blocks nobody",
  },
  {
    gate: "suspects in …",
    asks: "the same, in each failure domain of the host",
    fails: "open",
    why: "as suspects",
  },
  {
    gate: "storm in …",
    asks: "the same as storm, in each failure domain of the host",
    fails: "closed",
    why: "a rack that is silent has lost its switch or its power",
  },
  {
    gate: "fence rate",
    asks: "were fewer than three hosts fenced in the last hour?",
    fails: "closed",
    why: "by wall clock, over restarts; a clock that steps back makes it stricter",
  },
  {
    gate: "fence rate in …",
    asks: "were fewer than two fenced in each failure domain of the host?",
    fails: "closed",
    why: "the third in a rack is not the host's fault",
  },
  {
    gate: "capacity",
    asks: "do its servers fit elsewhere, by memory in sum, and each of them on some host?",
    fails: "open",
    why: "a warning for a dead host, whose servers are down either way; closed for a living one, for which servers that were placed since the count, or are to be placed first, are taken off",
  },
  {
    gate: "Nova answers",
    asks: "did Nova answer within 15 s?",
    fails: "closed",
    why: "a fence without an evacuation is an outage",
  },
  {
    gate: "scheduler",
    asks: "is a nova-scheduler up?",
    fails: "open",
    why: "a Nova that lists none hides them by policy; one that lists only dead ones holds",
  },
  {
    gate: "destination",
    asks: "is one other host fresh, enabled, up and sound by our own verdict?",
    fails: "closed",
    why: "the last host is never fenced",
  },
  {
    gate: "others alike",
    asks: "do other hosts say that the same has failed, or did they a minute ago?",
    fails: "closed",
    why: "then it is what they share, not the host; asked of a degraded host only, in place of the witnesses",
  },
  {
    gate: "own word",
    asks: "has a degraded host that lives reported without a break for as long as its trouble must last?",
    fails: "closed",
    why: "one that hung in between may have been mended meanwhile",
  },
  {
    gate: "drain",
    asks: "is its live migration over, where the policy drains?",
    fails: "closed",
    why: "power is not taken from under a live migration; one that cannot begin is waited for 5 min",
  },
  {
    gate: "servers on it",
    asks: "does libvirt show a server on a degraded host that lives?",
    fails: "open",
    why: "a host that is empty gains nothing by being switched off; a libvirt that is not heard says nothing",
  },
];

/** The entry of a gate by the name that it prints. */
export function gateEntry(gate: string): GateEntry | undefined {
  return gateList.find(({ gate: name }) => {
    const [before = "", after] = name.split("…");
    return after === undefined ? name === gate : gate.startsWith(before) && gate !== before.trim();
  });
}
