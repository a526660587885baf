// From the configuration to rules: patterns sorted into tries, addresses parsed, attributes resolved. What could never
// match, or would mean something else than it seems to, is refused with its place.

import { AddressBlock, Patterns, asciiLowerCase, log } from "@sluice/sdk-filter/assembly";
import { AddressCondition, Condition, HostCondition, Mode, NumberCondition, TextCondition } from "./condition";
import { Config, Operation, Policy, Rule as RuleConfig, Source, When } from "./config";
import { hostProblem, methodProblem, nameProblem, pathProblem, textProblem } from "./pattern-problem";
import { RequestFacts } from "./request-facts";
import { AllOf, Rule } from "./rule";

const HEADER_KEY: string = "request.headers[";

/** Which rule of which policy is being compiled, and how its conditions are to be read. */
@final
class RuleScope {
  readonly place: string;
  readonly isDeny: bool;
  readonly absentDenies: bool;

  constructor(place: string, isDeny: bool, absentDenies: bool) {
    this.place = place;
    this.isDeny = isDeny;
    this.absentDenies = absentDenies;
  }

  mode(negated: bool): Mode {
    return new Mode(this.isDeny, this.absentDenies, negated);
  }
}

/** Compiles a configuration once. */
@final
export class PolicyCompiler {
  /** Rules to ask first: those of DENY policies, and those of ALLOW policies that say `ifAbsent: deny`. */
  readonly denying: Rule[] = [];
  readonly allowing: Rule[] = [];
  hasAllowPolicy: bool = false;
  private readonly facts: RequestFacts;
  private readonly ids: string[] = [];
  private refused: bool = false;

  constructor(facts: RequestFacts) {
    this.facts = facts;
  }

  /** False when something was refused; every reason has been logged then. */
  compile(config: Config): bool {
    for (let i = 0; i < config.policies.length; i++) this.addPolicy(config.policies[i], `policies[${i}]`);
    return !this.refused;
  }

  private addPolicy(policy: Policy, place: string): void {
    const isDeny = policy.action == "DENY";
    if (!isDeny) this.hasAllowPolicy = true;
    if (isDeny && policy.rules.length == 0) this.refuse(place, "a DENY policy without rules denies nothing");
    for (let i = 0; i < policy.rules.length; i++) {
      const rule = policy.rules[i];
      const scope = new RuleScope(`${place}.rules[${i}]`, isDeny, rule.ifAbsent == "deny");
      this.addRule(rule, this.idOf(policy, i), scope);
    }
  }

  private addRule(config: RuleConfig, id: string, scope: RuleScope): void {
    if (this.ids.includes(id))
      this.refuse(scope.place, "a second rule has the id '" + id + "'; reasons must tell them apart");
    this.ids.push(id);
    const rule = new Rule(
      id,
      scope.isDeny,
      this.sources(config, scope),
      this.operations(config, scope),
      this.whens(config, scope),
    );
    if (scope.isDeny || scope.absentDenies) this.denying.push(rule);
    if (!scope.isDeny) this.allowing.push(rule);
  }

  /** The rule's own id, else the policy's name, with the rule's number when there are several. */
  private idOf(policy: Policy, index: i32): string {
    const own = policy.rules[index].id;
    if (own.length > 0) return own;
    return policy.rules.length == 1 ? policy.name : `${policy.name}[${index}]`;
  }

  private sources(rule: RuleConfig, scope: RuleScope): AllOf[] {
    const all: AllOf[] = [];
    for (let i = 0; i < rule.from_.length; i++) {
      all.push(this.source(rule.from_[i].source, scope, `${scope.place}.from[${i}].source`));
    }
    return all;
  }

  private source(source: Source, scope: RuleScope, place: string): AllOf {
    const conditions: Condition[] = [];
    this.addBlocks(conditions, source.ipBlocks, scope.mode(false), place + ".ipBlocks");
    this.addBlocks(conditions, source.notIpBlocks, scope.mode(true), place + ".notIpBlocks");
    return this.allOf(conditions, place);
  }

  private operations(rule: RuleConfig, scope: RuleScope): AllOf[] {
    const all: AllOf[] = [];
    for (let i = 0; i < rule.to.length; i++) {
      all.push(this.operation(rule.to[i].operation, scope, `${scope.place}.to[${i}].operation`));
    }
    return all;
  }

  private operation(operation: Operation, scope: RuleScope, place: string): AllOf {
    const is = scope.mode(false);
    const isNot = scope.mode(true);
    const conditions: Condition[] = [];
    this.addTexts(conditions, "request.method", operation.methods, is, place + ".methods", methodProblem);
    this.addTexts(conditions, "request.method", operation.notMethods, isNot, place + ".notMethods", methodProblem);
    this.addTexts(conditions, "request.url_path", operation.paths, is, place + ".paths", pathProblem);
    this.addTexts(conditions, "request.url_path", operation.notPaths, isNot, place + ".notPaths", pathProblem);
    this.addHosts(conditions, operation.hosts, is, place + ".hosts");
    this.addHosts(conditions, operation.notHosts, isNot, place + ".notHosts");
    this.addPorts(conditions, operation.ports, is);
    this.addPorts(conditions, operation.notPorts, isNot);
    return this.allOf(conditions, place);
  }

  private whens(rule: RuleConfig, scope: RuleScope): AllOf {
    const conditions: Condition[] = [];
    for (let i = 0; i < rule.when.length; i++) {
      const when = rule.when[i];
      const place = `${scope.place}.when[${i}]`;
      const hasValues = when.values.length > 0;
      const hasNotValues = when.notValues.length > 0;
      if (!hasValues && !hasNotValues) this.refuse(place, "values or notValues are missing");
      if (hasValues) this.addWhen(conditions, when.key, when.values, scope.mode(false), place + ".values");
      if (hasNotValues) this.addWhen(conditions, when.key, when.notValues, scope.mode(true), place + ".notValues");
    }
    return new AllOf(conditions);
  }

  private addWhen(conditions: Condition[], key: string, values: string[], mode: Mode, place: string): void {
    if (key == "source.ip") this.addBlocks(conditions, values, mode, place);
    else if (key == "destination.port") this.addPorts(conditions, this.portsOf(values, place), mode);
    else if (key.startsWith(HEADER_KEY) && key.endsWith("]")) this.addHeader(conditions, key, values, mode, place);
    else this.refuse(place, "unknown key '" + key + "'; allowed: request.headers[NAME], source.ip, destination.port");
  }

  private addHeader(conditions: Condition[], key: string, values: string[], mode: Mode, place: string): void {
    const name = asciiLowerCase(key.substring(HEADER_KEY.length, key.length - 1));
    const problem = nameProblem(name);
    if (problem.length > 0) this.refuse(place, problem);
    else this.addTexts(conditions, HEADER_KEY + name + "]", values, mode, place, textProblem);
  }

  private addTexts(
    conditions: Condition[],
    attribute: string,
    values: string[],
    mode: Mode,
    place: string,
    problemOf: (pattern: string) => string,
  ): void {
    if (values.length == 0) return;
    const patterns = new Patterns();
    for (let i = 0; i < values.length; i++) this.addPattern(patterns, values[i], `${place}[${i}]`, problemOf);
    patterns.freeze();
    conditions.push(new TextCondition(this.facts.texts(attribute, attribute.startsWith(HEADER_KEY)), patterns, mode));
  }

  private addHosts(conditions: Condition[], hosts: string[], mode: Mode, place: string): void {
    if (hosts.length == 0) return;
    const withPort = new Patterns(true);
    const withoutPort = new Patterns(true);
    for (let i = 0; i < hosts.length; i++) {
      const patterns = namesPort(hosts[i]) ? withPort : withoutPort;
      this.addPattern(patterns, asciiLowerCase(hosts[i]), `${place}[${i}]`, hostProblem);
    }
    withPort.freeze();
    withoutPort.freeze();
    conditions.push(new HostCondition(this.facts.texts("request.host"), withPort, withoutPort, mode));
  }

  private addPattern(patterns: Patterns, pattern: string, place: string, problemOf: (pattern: string) => string): void {
    const problem = problemOf(pattern);
    if (problem.length > 0) this.refuse(place, problem);
    else if (!patterns.add(pattern)) this.refuse(place, "a star may only stand first or last");
  }

  private addBlocks(conditions: Condition[], texts: string[], mode: Mode, place: string): void {
    if (texts.length == 0) return;
    const blocks: AddressBlock[] = [];
    for (let i = 0; i < texts.length; i++) {
      const block = AddressBlock.parse(texts[i]);
      if (block !== null) blocks.push(block);
      else this.refuse(`${place}[${i}]`, "'" + texts[i] + "' is no address or CIDR block like 10.0.0.0/8 or fd00::/8");
    }
    conditions.push(new AddressCondition(this.facts.sourceAddress(), blocks, mode));
  }

  private addPorts(conditions: Condition[], ports: i32[], mode: Mode): void {
    if (ports.length > 0) conditions.push(new NumberCondition(this.facts.destinationPort(), ports, mode));
  }

  private portsOf(texts: string[], place: string): i32[] {
    const ports: i32[] = [];
    for (let i = 0; i < texts.length; i++) {
      const port = I32.parseInt(texts[i]);
      if (port < 1 || port > 65535 || `${port}` != texts[i]) this.refuse(place, "'" + texts[i] + "' is no port");
      ports.push(port);
    }
    return ports;
  }

  // An empty source or operation would match everything, which nobody writes on purpose.
  private allOf(conditions: Condition[], place: string): AllOf {
    if (conditions.length == 0)
      this.refuse(place, "at least one field is missing here; leave the whole list out to match everything");
    return new AllOf(conditions);
  }

  private refuse(place: string, reason: string): void {
    this.refused = true;
    log.error("configuration refused: " + place + ": " + reason);
  }
}

/** `a.test:8080` and `*:8080` do, `a.test` and `[::1]` do not. */
function namesPort(host: string): bool {
  return host.indexOf(":", host.lastIndexOf("]") + 1) >= 0;
}
