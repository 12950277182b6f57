/** The verbs about alerts and channels, as data; cli.ts makes commands of them. */
import type { PolicyVerb, VerbActions, VerbOptions } from "./cli-policy.ts";

const api = "/api/v1";
const reason = { flags: "--reason <text>", description: "why", required: true };

function option(flags: string, description: string, required = false) {
  return { flags, description, required };
}

export function notifyVerbs({ show, tell }: VerbActions): readonly PolicyVerb[] {
  return [
    {
      under: "notify",
      usage: "list",
      description:
        "every channel: how it fares, last success, what waits, what its provider still takes",
      options: [],
      run: () => show(`${api}/notify`),
    },
    {
      under: "notify",
      usage: "test <channel>",
      description: "send a page that begins and ends, and show both answers",
      options: [option("--reason <text>", "why; kept in the audit log")],
      run: (channel, options) => {
        const words = { reason: "is it heard?", ...wordsOf(options) };
        return tell(`${api}/notify/${encodeURIComponent(channel)}/test`, words);
      },
    },
    {
      under: "silence",
      usage: "add",
      description: "tell people nothing of what matches, until an end; * stands for any text",
      options: [
        reason,
        option("--until <end>", "2h, or 2026-11-22T09:00:00Z", true),
        option("--host <name>", "of these hosts"),
        option("--kind <kind>", "of this kind of alert"),
        option("--class <class>", "page, notification, ticket or log alone"),
        option("--domain <domain>", 'of hosts in this domain, such as "rack B7"'),
        option("--owner <name>", "whose it is; by default the caller's"),
      ],
      run: (_none, options) => tell(`${api}/silences`, wordsOf(options)),
    },
    {
      under: "silence",
      usage: "list",
      description: "silences in force: what they match, why, whose, until when",
      options: [],
      run: () => show(`${api}/silences`),
    },
    {
      under: "silence",
      usage: "end <id>",
      description: "what it held back and still fires is told at once",
      options: [reason],
      run: (id, options) => tell(`${api}/silences/${encodeURIComponent(id)}/end`, wordsOf(options)),
    },
    {
      under: "alert",
      usage: "list",
      description: "what fires: who was told, what holds it back from whom, who took it in hand",
      options: [],
      run: () => show(`${api}/alerts`),
    },
    {
      under: "alert",
      usage: "ack <key>",
      description: "it is not repeated, and not told at the second level",
      options: [reason],
      run: (key, options) => tell(`${api}/alerts/${encodeURIComponent(key)}/ack`, wordsOf(options)),
    },
  ];
}

function wordsOf(options: VerbOptions): Readonly<Record<string, string>> {
  const words: Record<string, string> = {};
  for (const [name, value] of Object.entries(options)) {
    if (typeof value === "string") words[name] = value;
  }
  return words;
}
