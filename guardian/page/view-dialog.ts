/** What is asked of a person before an action: why, for how long, and the name again where nobody may mean the wrong one. */
import type { Action } from "./actions.ts";
import { h, on, type ViewNode } from "./node.ts";
import type { Asking, PageState } from "./state.ts";
import { say } from "./words.ts";

/** An empty place while nothing is asked. */
export function compactDialog({ asking, language }: PageState): ViewNode {
  return asking === undefined ? h("div.no-dialog") : dialog(asking, language);
}

function dialog({ action, problem, isSent }: Asking, language: PageState["language"]): ViewNode {
  const { verb, about, leadsTo, fields, again } = action;
  return h(
    "dialog",
    { "aria-labelledby": "ask-title", "data-modal": true, key: action.path },
    on(
      { submit: { kind: "answer" } },
      h(
        "form",
        {},
        h("h2", { id: "ask-title" }, `${say(verb, language)}: ${about}`),
        leadsTo !== undefined && h("p", {}, say(leadsTo, language)),
        field("reason", say("reason", language), "", true, true),
        fields.map(({ name, label, value, required }) =>
          field(name, say(label, language), value, required),
        ),
        again !== "" && field("again", say("ask.again", language, { again }), "", true),
        problem !== "" && h("p.problem", { role: "alert" }, problem),
        h(
          "div.buttons",
          {},
          h(
            "button.main",
            { type: "submit", disabled: isSent },
            isSent ? say("ask.sent", language) : say(verb, language),
          ),
          on(
            { click: { kind: "cancel" } },
            h("button", { type: "button" }, say("cancel", language)),
          ),
        ),
      ),
    ),
  );
}

function field(
  name: string,
  label: string,
  value: string,
  required: boolean,
  isFirst = false,
): ViewNode {
  return h(
    "label",
    { key: name },
    label,
    h("input", {
      name,
      value,
      required,
      autocomplete: "off",
      spellcheck: "false",
      maxlength: 500,
      autofocus: isFirst,
    }),
  );
}

/** A button that asks first, or acts at once where nothing need be asked. */
export function actionButton(action: Action, language: PageState["language"]): ViewNode {
  return on(
    { click: { kind: "ask", action } },
    h("button", { type: "button", "data-verb": action.verb }, say(action.verb, language)),
  );
}
