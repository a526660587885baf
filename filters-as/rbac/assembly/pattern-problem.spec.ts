import { hostProblem, methodProblem, nameProblem, pathProblem, textProblem } from "./pattern-problem";

describe("pattern problems", () => {
  it("are none where a pattern is written as the proxy shows values", () => {
    const paths = ["/a", "/a*", "*.php", "*", "/a%20b", "/~x"];
    for (let i = 0; i < paths.length; i++) expect(pathProblem(paths[i])).toBe("", paths[i]);
    expect(hostProblem("*.a.test")).toBe("");
    expect(hostProblem("a.test:8080")).toBe("");
    expect(methodProblem("GET")).toBe("");
    expect(nameProblem("x-role")).toBe("");
    expect(textProblem("anything")).toBe("");
  });
  it("are told where a pattern could never match", () => {
    const paths = ["", "a", "/a?b", "/a//b", "/./a", "/%41", "/%2f", "/%zz", "/a\\b", "/{id}", "/é"];
    for (let i = 0; i < paths.length; i++) expect(pathProblem(paths[i]).length > 0).toBe(true, paths[i]);
    const hosts = ["", "a.test.", "a/b", "u@a", "a.test:80", "ä.test"];
    for (let i = 0; i < hosts.length; i++) expect(hostProblem(hosts[i]).length > 0).toBe(true, hosts[i]);
    expect(methodProblem("get").length > 0).toBe(true);
    const names = ["", ":path", "a b", "a:b", "é"];
    for (let i = 0; i < names.length; i++) expect(nameProblem(names[i]).length > 0).toBe(true, names[i]);
  });
});
