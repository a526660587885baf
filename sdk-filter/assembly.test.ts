// The SDK's own specs in AssemblyScript.
import { describeSpecs } from "./as-pect/index.ts";

await describeSpecs(import.meta.dirname);
