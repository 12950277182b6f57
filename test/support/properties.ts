/**
 * Property tests: the same inputs in every run, so that what fails is what was changed. `PROPERTY_SEED=random`
 * looks for more (`npm run fuzz`); a number plays one again, as a failed property prints it.
 */
import fc from "fast-check";

const wanted = process.env["PROPERTY_SEED"] ?? "20261123";
const seeded = wanted === "random" ? {} : { seed: Number(wanted) };

fc.configureGlobal({ ...fc.readConfigureGlobal(), ...seeded });

export { fc };
