/** Loaded before the property tests by `npm run fuzz`: the same properties, many more inputs. */
import fc from "fast-check";

fc.configureGlobal({ numRuns: 20_000 });
