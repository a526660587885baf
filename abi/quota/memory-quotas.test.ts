import { MemoryQuotas } from "./memory-quotas.ts";
import { quotaBackendKit } from "./quota-backend.kit.ts";

quotaBackendKit("MemoryQuotas", (definitions) => {
  let nowUs = 0;
  const backend = new MemoryQuotas(() => nowUs, definitions);
  return {
    find: (name) => backend.find(name),
    define: (next) => backend.define(next),
    advanceMs: (ms) => void (nowUs += ms * 1000),
  };
});
