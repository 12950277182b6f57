/** Where a token is typed, once for each tab. */
import { h, on, type ViewNode } from "./node.ts";
import type { PageState } from "./state.ts";
import { say } from "./words.ts";

export function loginView({ language, loginProblem }: PageState): ViewNode {
  return h(
    "main.login",
    { id: "main", tabindex: -1 },
    h("h1", {}, say("login", language)),
    h("p", {}, say("login.how", language)),
    h("pre", {}, "guardian token create NAME --role operator --expires 90d"),
    on(
      { submit: { kind: "log-in" } },
      h(
        "form",
        {},
        h("label", { for: "token" }, say("login.token", language)),
        h("input", {
          id: "token",
          name: "token",
          type: "password",
          autocomplete: "off",
          spellcheck: "false",
          required: true,
        }),
        h("button.main", { type: "submit" }, say("log-in", language)),
      ),
    ),
    loginProblem !== "" && h("p.problem", { role: "alert" }, loginProblem),
    h("p.faint", {}, say("login.kept", language)),
  );
}
