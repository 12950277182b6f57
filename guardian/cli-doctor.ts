/** The check-up, as data; cli.ts makes a command of it. */
import type { PolicyVerb, VerbActions } from "./cli-policy.ts";
import type { CloudCheckUp } from "./cloud-doctor.ts";

export interface DoctorActions extends VerbActions {
  readonly checkCloud: (cloud: string) => Promise<CloudCheckUp>;
  /** People read one table after the other; scripts read one record. */
  readonly isTable: () => boolean;
}

export function doctorVerb(actions: DoctorActions): PolicyVerb {
  const { shown, print, say, isTable, checkCloud } = actions;
  return {
    under: undefined,
    usage: "doctor",
    description: "what is not as it should be, and what to do; every power device; changes nothing",
    options: [
      {
        flags: "--os-cloud <name>",
        description: "of clouds.yaml: the cloud alone, before a daemon is installed",
        required: false,
      },
    ],
    async run(_none, { osCloud }) {
      if (typeof osCloud === "string") {
        const found = await checkCloud(osCloud);
        if (!isTable()) return print(found);
        print(found.findings);
        return say(found.config);
      }
      const answer = Object(await shown("/api/v1/doctor")) as Record<string, unknown>;
      if (!isTable()) return print(answer);
      print(answer["findings"]);
      print(answer["devices"]);
      print({ share: answer["share"] });
    },
  };
}
