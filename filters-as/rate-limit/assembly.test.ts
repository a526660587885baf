// The specs in assembly/, for the parts that need no host.
import { describeSpecs } from "@sluice/sdk-filter/as-pect";

await describeSpecs(import.meta.dirname);
