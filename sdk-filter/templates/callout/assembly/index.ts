// FILTER_NAME: asks an authorisation service about every request and lets pass what it answers 200 to. When there is no
// answer, nothing passes.

import { Attribute, Filter, HttpRequest, HttpResponse, Text, Verdict, filter } from "@sluice/sdk-filter/assembly";
import { Config } from "./config"; // generated from the configuration schema in filter.yaml

export * from "@sluice/sdk-filter/assembly/exports"; // the functions the proxy calls

const AUTHORIZATION: Text = Text.of("authorization");
const ORIGINAL_PATH: Text = Text.of("x-original-path");

class FilterClass extends Filter<Config> {
  path: Attribute = Attribute.of("request.url_path");
  cluster: Text = Text.of("");
  timeoutMs: i32 = 0;
  /** Made once, filled anew for each request. */
  question: HttpRequest = new HttpRequest("GET", "/check", "auth");

  /** Once, when the proxy loads the filter. False refuses the configuration, and what ran before stays in charge. */
  configure(config: Config): bool {
    this.cluster = Text.of(config.cluster);
    this.timeoutMs = config.timeoutMs;
    this.question = new HttpRequest("GET", config.path, config.cluster);
    return true;
  }

  /** For every request, before anything of it goes on. */
  check(): Verdict {
    const credentials = this.request.headers.read(AUTHORIZATION);
    if (credentials === null) return this.deny("no-credentials", 401);
    const question = this.question;
    question.clear();
    if (!question.addValue(AUTHORIZATION, credentials)) return this.deny("credentials-too-long", 401);
    const path = this.path.read();
    if (path === null || !question.addValue(ORIGINAL_PATH, path)) return this.deny("path-too-long");
    // 0: the slot does not grant `callout`, or the proxy has no such cluster.
    const id = this.http(this.cluster, question, this.timeoutMs);
    return id == 0 ? this.deny("auth-not-asked", 503) : Verdict.Pending;
  }

  /** Once for every question: with the answer, or without one when none came in time. */
  onHttpResponse(id: u32, response: HttpResponse): void {
    if (response.status == 200) this.completeCheck(Verdict.Allow);
    else if (response.failed || response.status >= 500) this.completeCheck(this.deny("auth-unavailable", 503));
    else this.completeCheck(this.deny("auth-said-no"));
  }
}

filter<FilterClass>();
