// HOT: bench proxy.
// The head that goes upstream where a route rewrites paths or changes request headers: made beside the request's own,
// which filters, the record and a retry go on reading.

import type { Head } from "@sluice/abi";
import type { RequestChange } from "../snapshot/runtime.ts";
import type { HeaderChanges } from "./header-changes.ts";
import { rewritePath, type PathRewrite } from "./path-rewrite.ts";

const PATH_NAME = Buffer.from(":path", "latin1");

export class UpstreamHead implements RequestChange {
  private readonly rewrite: PathRewrite | null;
  private readonly headers: HeaderChanges | null;

  constructor(rewrite: PathRewrite | null, headers: HeaderChanges | null) {
    this.rewrite = rewrite;
    this.headers = headers;
  }

  apply(request: Head, out: Head): boolean {
    out.shareFrom(request);
    if (this.rewrite !== null) {
      const path = rewritePath(request, this.rewrite);
      if (path === null) return false;
      out.replace(PATH_NAME, path);
    }
    if (this.headers !== null) this.headers.apply(out);
    return true;
  }
}
