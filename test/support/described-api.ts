/**
 * The description of the API as outsiders read it: whether it is OpenAPI 3.1 by the official schema, and whether an
 * answer is what it says.
 */
import { Validator } from "@seriousme/openapi-schema-validator";
import { Ajv2020 } from "ajv/dist/2020.js";

type Json = Readonly<Record<string, unknown>>;

/** All that is wrong with it; "" when nothing is. */
export async function descriptionProblems(description: Json): Promise<string> {
  const validator = new Validator();
  const { valid, errors } = await validator.validate(structuredClone(description));
  if (!valid) return JSON.stringify(errors);
  if (validator.version !== "3.1") return `read as version ${validator.version}`;
  // Throws for a reference that leads nowhere.
  validator.resolveRefs();
  return "";
}

/** A judge of answers by the description; its schemas must be strict JSON Schema. */
export class AnswerJudge {
  readonly #ajv = new Ajv2020({ strict: true, allErrors: true });
  readonly #description: Json;

  constructor(description: Json) {
    this.#description = description;
  }

  /** What is wrong with an answer in JSON, "" when it is as described. */
  problems(method: string, path: string, status: number, body: unknown): string {
    const responses = ["paths", path, method.toLowerCase(), "responses"];
    const place =
      status < 400
        ? [...responses, "200", "content", "application/json", "schema"]
        : ["components", "schemas", "Problem"];
    const schema = at(this.#description, place);
    if (schema === undefined) return `nothing is described at ${place.join(" ")}`;
    const validate = this.#ajv.compile(schema as Json);
    return validate(body) ? "" : this.#ajv.errorsText(validate.errors);
  }
}

function at(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((node, name) => Reflect.get(Object(node), name), value);
}
