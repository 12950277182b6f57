/** All routes, for the socket and the network alike. */
import { descriptionRoutes } from "./openapi.ts";
import type { ApiParts } from "./parts.ts";
import type { Route } from "./route.ts";
import { actRoutes } from "./routes-act.ts";
import { cloudRoutes } from "./routes-cloud.ts";
import { ownRoutes } from "./routes-own.ts";
import { readRoutes } from "./routes-read.ts";
import { sampleRoutes } from "./routes-samples.ts";

export function apiRoutes(parts: ApiParts): readonly Route[] {
  const routes = [
    ...readRoutes(parts),
    ...actRoutes(parts),
    ...cloudRoutes(parts),
    ...sampleRoutes(parts),
    ...ownRoutes(parts),
    ...(parts.addedRoutes ?? []),
  ];
  return [...routes, ...descriptionRoutes(routes)];
}
