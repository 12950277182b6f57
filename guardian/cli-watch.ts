/** The verbs by which an incident is looked at over time, as data; cli.ts makes commands of them. */
import { follow, timeout } from "./cli-incident.ts";
import type { PolicyVerb, VerbActions } from "./cli-policy.ts";

export function watchVerbs(actions: VerbActions): readonly PolicyVerb[] {
  const under = "incident";
  return [
    {
      under,
      usage: "timeline <id>",
      description: "what happened with it, and when",
      options: [],
      run: async (id) => {
        const shown = await actions.shown(`/api/v1/incidents/${encodeURIComponent(id)}`);
        const timeline: unknown = Reflect.get(Object(shown), "timeline");
        const lines = Array.isArray(timeline)
          ? (timeline as readonly { readonly wall: number; readonly text: string }[])
          : [];
        actions.print(
          lines.map(({ wall, text }) => ({ time: new Date(wall).toISOString(), text })),
        );
      },
    },
    {
      under,
      usage: "watch <id>",
      description: "what happens with it, as it happens, until its moves have ended",
      options: [timeout],
      run: async (id, options) => follow(actions, id, options),
    },
  ];
}
