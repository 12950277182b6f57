/** The description of the API (OpenAPI 3.1), made from the schemas that the routes validate with; and its page. */
import { z } from "../config-parts.ts";
import { reason } from "./fields.ts";
import { safeHeaders } from "./handle.ts";
import type { Fields, ReadRoute, Route } from "./route.ts";

type Json = Readonly<Record<string, unknown>>;

const problemSchema = z
  .object({
    title: z.string(),
    status: z.int(),
    detail: z.string().describe("one sentence, with the next step"),
    errors: z.array(z.object({ at: z.string(), message: z.string() })).optional(),
  })
  .describe("RFC 9457");

export function openApi(routes: readonly Route[]): Json {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) {
    (paths[route.path] ??= {})[route.method.toLowerCase()] = operation(route);
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Compute guardian",
      version: "1",
      description:
        "Lists come a page at a time: the header `link` leads to the next one. Every action needs a reason and is kept in the audit log.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "/" }],
    security: [{ token: [] }, { keystone: [] }],
    paths,
    components: {
      securitySchemes: {
        token: { type: "http", scheme: "bearer", description: "guardian token create" },
        keystone: { type: "apiKey", in: "header", name: "x-auth-token", description: "Keystone's" },
      },
      schemas: { Problem: jsonSchema(problemSchema) },
      responses: {
        Problem: {
          description: "Refused, with the next step",
          content: {
            "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } },
          },
        },
      },
    },
  };
}

function operation(route: Route): Json {
  const { name, summary, path, role, query = {}, answer } = route;
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, found = ""]) => {
    return { name: found, in: "path", required: true, schema: { type: "string" } };
  });
  const inQuery = Object.entries(query).map(([found, schema]) => ({
    name: found,
    in: "query",
    required: !isOptional(schema),
    schema: jsonSchema(schema),
  }));
  const content =
    typeof answer === "string"
      ? { [answer]: { schema: { type: "string" } } }
      : { "application/json": { schema: jsonSchema(answer) } };
  return {
    operationId: name
      .replace(/[^\w]+$/, "")
      .replace(/[^\w]+(\w)/g, (_all, letter: string) => letter.toUpperCase()),
    summary,
    tags: [name.split(" ")[0]],
    ...(role === undefined ? { security: [] } : { "x-role": role }),
    parameters: [...inPath, ...inQuery, ...headersOf(route)],
    ...(route.method === "POST" && { requestBody: bodyOf(route.body) }),
    responses: {
      200: { description: "Done", content },
      "4XX": { $ref: "#/components/responses/Problem" },
      default: { $ref: "#/components/responses/Problem" },
    },
  };
}

function headersOf(route: Route): readonly Json[] {
  const header = (name: string, description: string): Json => {
    return { name, in: "header", required: false, description, schema: { type: "string" } };
  };
  if (route.method === "POST") {
    return [header("Idempotency-Key", "done once, however often it is sent within a day")];
  }
  return route.answer === "text/event-stream"
    ? [header("Last-Event-ID", "goes on after that event")]
    : [];
}

function bodyOf(body: Fields): Json {
  const schema = jsonSchema(z.strictObject({ reason, ...body }));
  return { required: true, content: { "application/json": { schema } } };
}

function isOptional(schema: z.ZodType): boolean {
  return schema.safeParse(undefined).success;
}

function jsonSchema(schema: z.ZodType): unknown {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, {
    io: "input",
    unrepresentable: "any",
  }) as Record<string, unknown>;
  return rest;
}

/** What is the same for everybody, and no secret: the description, and the page that shows it. */
export function descriptionRoutes(routes: readonly Route[]): readonly ReadRoute[] {
  const about = { method: "GET", role: undefined, query: {} } as const;
  const own: readonly ReadRoute[] = [
    {
      ...about,
      path: "/api/v1/openapi.json",
      name: "description",
      summary: "This description",
      answer: z.looseObject({ openapi: z.string() }),
      run: () => ({ status: 200, body: described }),
    },
    {
      ...about,
      path: "/api/docs",
      name: "docs",
      summary: "This description as a page",
      answer: "text/html",
      run: () => ({
        status: 200,
        body: page,
        type: "text/html; charset=utf-8",
        headers: pageHeaders,
      }),
    },
  ];
  const all = [...routes, ...own];
  const described = openApi(all);
  const page = docsPage(all);
  return own;
}

const pageHeaders = {
  ...safeHeaders,
  "content-security-policy":
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
};

/** No script, nothing from elsewhere: it reads on a node without a way out. */
function docsPage(routes: readonly Route[]): string {
  const rows = routes.map((route) => {
    const fields = route.method === "POST" ? ["reason", ...Object.keys(route.body)] : [];
    const takes = [...Object.keys(route.query ?? {}).map((name) => `?${name}`), ...fields];
    const cells = [
      route.method,
      route.path,
      route.role ?? "anybody",
      route.summary,
      takes.join(" "),
    ];
    return `<tr>${cells.map((cell) => `<td>${escapeHtml(cell)}</td>`).join("")}</tr>`;
  });
  const style =
    "body{font:15px/1.5 sans-serif;margin:2rem;color-scheme:light dark}td,th{text-align:left;padding:.2rem .8rem .2rem 0;vertical-align:top}td:nth-child(2){font-family:monospace}";
  const head = ["", "path", "role", "what", "takes"].map((name) => `<th scope="col">${name}</th>`);
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Compute guardian: API</title><style>${style}</style><h1>Compute guardian: API</h1><p>The same as <a href="/api/v1/openapi.json">OpenAPI 3.1</a>. Every action is a POST with a JSON body and a reason.</p><table><thead><tr>${head.join("")}</tr></thead><tbody>${rows.join("\n")}</tbody></table></html>`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (found) => `&#${found.charCodeAt(0)};`);
}
