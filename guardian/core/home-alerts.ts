/** What should be said of a fenced host on its way home. */
import type { Assessment } from "./assessment.ts";
import { reasonLines } from "./explain.ts";
import { mayRunTwice, missingSteps } from "./home-gates.ts";
import type { Homecoming } from "./home-memory.ts";
import { about, type Wanted } from "./incident-alerts.ts";
import type { GuardianState, HostState } from "./state.ts";
import { words, type Words } from "./words.ts";

/** Told in place of a way home that has not begun, or has stopped without a reason to get up for. */
export function twiceAlert(state: GuardianState, host: HostState, assessment: Assessment): Wanted {
  return about(state, host, assessment, {
    kind: "home",
    class: "page",
    title: words("alert.home-twice", { host: host.host }),
    next: words("todo.home-grave", { host: host.host }),
  });
}

/** The same of a host that people took back before its libvirt began what had been moved away. */
export function takenBackAlert(
  state: GuardianState,
  host: HostState,
  assessment: Assessment,
): Wanted {
  const next = words("todo.runs-more", { host: host.host });
  return { ...twiceAlert(state, host, assessment), next };
}

/** Under way: for whoever is interested. Stopped: somebody must act, at once where a server may run twice. */
export function homeAlert(
  state: GuardianState,
  host: HostState,
  assessment: Assessment,
  home: Homecoming,
): Wanted {
  const { by, step } = home;
  const name = host.host;
  const why: Wanted["why"] = () => {
    const missing = missingSteps(state, host);
    const asked = words("why.home-by", { by });
    const evidence = reasonLines(state, host, assessment);
    return missing.length === 0
      ? [asked, ...evidence]
      : [asked, words("why.home-missing", { missing }), ...evidence];
  };
  const impact = (): Words => words("impact.home");
  if (step.kind !== "stopped" && step.kind !== "off") {
    const grave = mayRunTwice(state, host, home);
    const title = words(grave ? "alert.home-twice" : "alert.home", { host: name });
    const next = grave ? words("todo.home-grave", { host: name }) : words("todo.home");
    return about(state, host, assessment, {
      kind: "home",
      class: grave ? "page" : "notification",
      title,
      why,
      ...(grave ? {} : { impact }),
      next,
    });
  }
  const isGrave = step.kind === "off" || step.isGrave;
  return about(state, host, assessment, {
    kind: "home",
    class: isGrave ? "page" : "ticket",
    title: words("alert.home-stopped", { host: name, reason: step.reason }),
    why,
    ...(isGrave ? {} : { impact }),
    next: isGrave
      ? words("todo.home-grave", { host: name })
      : words("todo.home-stopped", { host: name }),
  });
}
