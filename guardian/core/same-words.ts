/** Whether what is said has changed in more than its numbers, told without rendering it. */
import { render, type Parameter, type Said, type Words } from "./words.ts";

/**
 * True only if both sentences are the same once each number in them is left out. False may mean that
 * they are the same all the same: then their texts must be compared.
 */
export function sameButNumbers(left: Said, right: Said): boolean {
  return sameSaid(left, right, sameNumber);
}

/** True only if both sentences are the same, their numbers too. */
export function isSame(left: Said, right: Said): boolean {
  return sameSaid(left, right, Object.is);
}

/** True only if both read the same, however they came to be. */
export function readsSame(left: Said, right: Said): boolean {
  return isSame(left, right) || render(left) === render(right);
}

type SameNumber = (left: number, right: number) => boolean;

function sameSaid(left: Said, right: Said, number: SameNumber): boolean {
  if (typeof left === "string" || typeof right === "string") return left === right;
  return left === right || sameWords(left, right, number);
}

function sameWords(left: Words, right: Words, number: SameNumber): boolean {
  if (left.key !== right.key) return false;
  for (const name in left.with) {
    const [one, other] = [left.with[name], right.with[name]];
    if (one === undefined || other === undefined || !sameParameter(one, other, number))
      return false;
  }
  return true;
}

function sameParameter(left: Parameter, right: Parameter, number: SameNumber): boolean {
  if (left === right) return true;
  if (typeof left === "number" && typeof right === "number") return number(left, right);
  if (typeof left !== "object" || typeof right !== "object") return false;
  if (isList(left) || isList(right)) {
    return isList(left) && isList(right) && sameList(left, right, number);
  }
  if ("ms" in left || "ms" in right) {
    return "ms" in left && "ms" in right && number(left.ms, right.ms);
  }
  return sameWords(left, right, number);
}

/** One of them is "1 host", and two are "2 hosts"; a sign is no digit. */
function sameNumber(left: number, right: number): boolean {
  if (!Number.isFinite(left) || !Number.isFinite(right)) return false;
  return (left === 1) === (right === 1) && left < 0 === right < 0;
}

function sameList(left: readonly Said[], right: readonly Said[], number: SameNumber): boolean {
  return (
    left.length === right.length &&
    left.every((one, at) => {
      const other = right[at];
      return other !== undefined && sameSaid(one, other, number);
    })
  );
}

function isList(value: Exclude<Parameter, string | number>): value is readonly Said[] {
  return Array.isArray(value);
}
