import assert from "node:assert/strict";
import { test } from "node:test";
import { sameButNumbers } from "../../guardian/core/same-words.ts";
import { render, seconds, words, type Parameter, type WordKey } from "../../guardian/core/words.ts";
import { chinese } from "../../guardian/core/words-zh.ts";
import { english } from "../../guardian/core/words-en.ts";

const keys = Object.keys(english) as WordKey[];

function parameters(sentence: string): readonly string[] {
  return [...sentence.matchAll(/\{(\w+)[^}]*\}/g)].map((match) => match[1] ?? "").sort();
}

test("both languages have the same keys, in the same order", () => {
  assert.deepEqual(Object.keys(chinese), keys);
});

for (const key of keys) {
  test(`"${key}" names the same parameters in both languages, and says something`, () => {
    const [left, right] = [english[key], chinese[key]];
    assert.deepEqual([...new Set(parameters(right))], [...new Set(parameters(left))]);
    assert.ok(left.trim() === left && left.length > 1);
    assert.match(right, /[\u4e00-\u9fff]|^[^a-z]*\{/i, "Chinese, or nothing but parameters");
  });
}

test("words render in either language; words within words do, too", () => {
  const said = words("next.pings", { count: 2, network: "storage" });
  assert.equal(render(said), "judged after 2 more pings on storage");
  assert.equal(render(said, "zh"), "在 storage 上再 ping 2 次后作出判断");
  const nested = words("evidence.doubt", { gate: "x", value: said });
  assert.equal(render(nested), `x: ${render(said)}`);
});

test("a name that looks like a parameter stays as it is", () => {
  const said = words("evidence.doubt", { gate: "{value}", value: "v" });
  assert.equal(render(said), "{value}: v");
});

test("a number takes its noun with it; a list has commas between names", () => {
  assert.equal(render(words("limit.at-once", { limit: 1 })), "1 host at once");
  assert.equal(render(words("limit.at-once", { limit: 2 })), "2 hosts at once");
  assert.equal(render(words("limit.at-once", { limit: 2 }), "zh"), "同时 2 台");
  const named = words("value.networks", { networks: ["storage", "business"] });
  assert.equal(render(named), "storage, business");
  assert.equal(render(named, "zh"), "storage、business");
  assert.equal(render(words("value.lag", { lag: seconds(1250) })), "1.3 s");
});

test("a key or a parameter of another release is shown as far as it is known", () => {
  const later = JSON.parse('{"key": "value.of-tomorrow", "with": {"count": null}}') as never;
  assert.equal(render(later), "value.of-tomorrow");
  const infinite = JSON.parse('{"key": "value.number", "with": {"count": null}}') as never;
  assert.equal(render(infinite), "{count}");
  assert.equal(render("a text of an earlier release", "zh"), "a text of an earlier release");
});

const samples: readonly Parameter[] = [
  0,
  1,
  2,
  12.5,
  -1,
  Number.POSITIVE_INFINITY,
  seconds(0),
  seconds(1000),
  seconds(1250),
  seconds(-1),
  "1",
  "compute-1",
  "compute-2",
  "storage",
  ["compute-1"],
  ["compute-2"],
  ["compute-1", "compute-2"],
  [],
  words("value.no"),
  words("limit.at-once", { limit: 1 }),
  words("limit.at-once", { limit: 2 }),
  words("limit.at-once", { limit: 3 }),
  [words("limit.at-once", { limit: 3 })],
];

test("what is the same but for numbers without rendering is the same when rendered, too", () => {
  const withoutNumbers = (text: string): string => text.replace(/\d+(\.\d+)?/g, "#");
  let same = 0;
  for (const left of samples) {
    for (const right of samples) {
      const [one, other] = [left, right].map((limit) => words("limit.at-once", { limit }));
      assert.ok(one !== undefined && other !== undefined);
      if (!sameButNumbers(one, other)) continue;
      same += 1;
      assert.equal(withoutNumbers(render(one)), withoutNumbers(render(other)));
    }
  }
  assert.ok(same > samples.length, "some that are not one and the same");
  const [two, three] = [2, 3].map((limit) => words("limit.at-once", { limit }));
  assert.ok(two !== undefined && three !== undefined && sameButNumbers(two, three));
});
