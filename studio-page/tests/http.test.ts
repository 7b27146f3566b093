import { beforeEach, expect, test, vi } from "vitest";

const fetched = vi.fn<typeof fetch>();
let http: typeof import("../src/http");

beforeEach(async () => {
  vi.resetModules();
  fetched.mockReset();
  vi.stubGlobal("fetch", fetched);
  vi.stubGlobal("document", { baseURI: "https://example.org/studio/index.html" });
  http = await import("../src/http");
});

const json = (body: unknown, status = 200) => new Response(JSON.stringify(body), { status });
const problem = { type: "/problems/invalid", title: "A field is missing or wrong", detail: "size: too large", status: 422 };
const sent = (call = 0) => ({ url: fetched.mock.calls[call]![0], ...(fetched.mock.calls[call]![1] as RequestInit & { headers: Headers }) });

test("a studio under a path of its own is asked there", async () => {
  fetched.mockResolvedValue(json({ jobs: [] }));
  await http.getJson("api/v1/jobs");
  expect(sent().url).toBe("https://example.org/studio/api/v1/jobs");
  expect(http.address("/models/any-painting.onnx")).toBe("https://example.org/studio/models/any-painting.onnx");
});

test("what changes something carries the session's token, what reads does not", async () => {
  fetched.mockImplementation(async () => json({ csrf: "9f0c" }));
  await http.readSession();
  await http.getJson("api/v1/jobs");
  await http.postJson("api/v1/jobs", { size: 64 }, { headers: { "Idempotency-Key": "k" } });
  expect(sent(1).headers.has("X-CSRF-Token")).toBe(false);
  const { method, headers, body } = sent(2);
  expect([method, body]).toEqual(["POST", '{"size":64}']);
  expect(Object.fromEntries(headers)).toEqual({ "content-type": "application/json", "idempotency-key": "k", "x-csrf-token": "9f0c" });
});

test("a refusal is told in the studio's words, a field's before all", async () => {
  fetched.mockResolvedValueOnce(json(problem, 422));
  await expect(http.getJson("x")).rejects.toThrow("size: too large");
  fetched.mockResolvedValueOnce(json({ ...problem, errors: [{ field: "styles.0", message: "has no name" }] }, 422));
  const error = await http.getJson("x").catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(http.Problem);
  expect(error).toMatchObject({ message: "styles.0: has no name", status: 422 });
});

test("what is no problem document, such as a proxy's page, is told by its status", async () => {
  fetched.mockResolvedValueOnce(new Response("<html>", { status: 502, statusText: "Bad Gateway" }));
  await expect(http.getJson("x")).rejects.toThrow("The studio answered 502 Bad Gateway");
  fetched.mockResolvedValueOnce(json({ error: "no" }, 500));
  await expect(http.getJson("x")).rejects.toThrow("The studio answered 500");
});

test("a studio that cannot be reached is told apart from one that refuses", async () => {
  fetched.mockRejectedValue(new TypeError("fetch failed"));
  await expect(http.getJson("x")).rejects.toBeInstanceOf(http.Unreachable);
});

test("while it is closed nothing is sent; reading goes on", async () => {
  http.closeWire(true);
  fetched.mockImplementation(async () => json({}));
  await expect(http.postJson("api/v1/jobs")).rejects.toThrow("nothing is sent");
  await expect(http.postForm("api/v1/pictures", new FormData())).rejects.toThrow("nothing is sent");
  await expect(http.remove("api/v1/jobs/j_1")).rejects.toThrow("nothing is sent");
  expect(fetched).not.toHaveBeenCalled();
  await http.getJson("api/v1/styles");
  http.closeWire(false);
  await http.postJson("api/v1/jobs");
  expect(fetched).toHaveBeenCalledTimes(2);
});

test("a session that has ended is noticed, but for a wrong token at the door", async () => {
  const signedOut = vi.fn();
  http.whenSignedOut(signedOut);
  fetched.mockImplementation(async () => json({ ...problem, status: 401 }, 401));
  await expect(http.postJson("api/v1/session", { token: "no" })).rejects.toThrow();
  expect(signedOut).not.toHaveBeenCalled();
  await expect(http.getJson("api/v1/jobs")).rejects.toThrow();
  expect(signedOut).toHaveBeenCalledTimes(1);
});

test("who signs out is not asked to sign in again, unless signing out failed", async () => {
  const signedOut = vi.fn();
  http.whenSignedOut(signedOut);
  const refused = async () => json({ ...problem, status: 401 }, 401);
  fetched.mockImplementation(async () => json({ ...problem, status: 503 }, 503));
  await expect(http.signOut()).rejects.toThrow();
  fetched.mockImplementation(refused);
  await expect(http.getJson("api/v1/jobs")).rejects.toThrow();
  expect(signedOut).toHaveBeenCalledTimes(1);
  fetched.mockImplementation(async () => new Response(null, { status: 204 }));
  const leaving = http.signOut();
  fetched.mockImplementation(refused);
  await expect(http.getJson("api/v1/jobs")).rejects.toThrow();
  await leaving;
  expect(signedOut).toHaveBeenCalledTimes(1);
});
