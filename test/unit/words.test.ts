import assert from "node:assert/strict";
import { test } from "node:test";
import { render, words, type WordKey } from "../../guardian/core/words.ts";
import { chinese } from "../../guardian/core/words-zh.ts";
import { english } from "../../guardian/core/words-en.ts";

const keys = Object.keys(english) as WordKey[];

function parameters(sentence: string): readonly string[] {
  return [...sentence.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? "").sort();
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
  const nested = words("evidence.doubt", { gate: "x", value: [said, said] });
  assert.equal(render(nested), `x: ${render(said)}; ${render(said)}`);
});

test("a name that looks like a parameter stays as it is", () => {
  const said = words("evidence.doubt", { gate: "{value}", value: "v" });
  assert.equal(render(said), "{value}: v");
});
