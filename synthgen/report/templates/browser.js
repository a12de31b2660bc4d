// The reject browser: unpacks the embedded records, filters them by facet and by text, shows one at a time.

const FACETS = ["reason", "check", "topic", "difficulty", "fault"];
const FACET_TITLES = { reason: "Reason", check: "Refused by", topic: "Topic", difficulty: "Difficulty", fault: "Planted fault" };
const OUTCOMES = { rejected: "Rejected", accepted: "Accepted (a sample)", false_accept: "False accepts" };
const LIST_STEP = 200;
const byId = (id) => document.getElementById(id);

const state = { records: [], matches: [], listed: 0, current: null, outcome: "rejected", query: "", chosen: {} };
for (const facet of FACETS) state.chosen[facet] = new Set();

async function unpack(node) {
  const bytes = Uint8Array.from(atob(node.textContent.replace(/\s+/g, "")), (character) => character.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text());
}

function facetValue(record, facet) {
  const value = record[facet];
  return value === null || value === undefined || value === "" ? "(none)" : String(value);
}

function searchable(record) {
  if (record.haystack === undefined) {
    const contracts = Object.values(record.contracts || {}).flat();
    const checks = record.checks.map((result) => (result.detail || "") + "\n" + (result.counterexample || ""));
    record.haystack = [record.task_id, record.reason, record.topic, record.fault, record.detail, record.counterexample, record.prompt,
      record.entry_point, record.solution, record.tests, record.reference, record.raw, ...contracts, ...checks]
      .filter(Boolean).join("\n").toLowerCase();
  }
  return record.haystack;
}

/** Apply the filters; a facet's counts ignore its own choice, so that another value can be added. */
function applyFilters() {
  const words = state.query.toLowerCase().split(/\s+/).filter(Boolean);
  const counts = Object.fromEntries(FACETS.map((facet) => [facet, new Map()]));
  state.matches = [];
  for (const record of state.records) {
    if (record.outcome !== state.outcome) continue;
    if (words.length && !words.every((word) => searchable(record).includes(word))) continue;
    const failing = FACETS.filter((facet) => state.chosen[facet].size && !state.chosen[facet].has(facetValue(record, facet)));
    if (failing.length > 1) continue;
    for (const facet of failing.length ? failing : FACETS) {
      const value = facetValue(record, facet);
      counts[facet].set(value, (counts[facet].get(value) || 0) + 1);
    }
    if (!failing.length) state.matches.push(record);
  }
  drawOutcomes();
  for (const facet of FACETS) drawFacet(facet, counts[facet]);
  drawList();
}

function drawOutcomes() {
  const totals = new Map();
  for (const record of state.records) totals.set(record.outcome, (totals.get(record.outcome) || 0) + 1);
  const buttons = Object.entries(OUTCOMES).filter(([key]) => totals.get(key)).map(([key, title]) => {
    const button = element("button", { type: "button", "aria-pressed": String(key === state.outcome), "data-outcome": key },
      title, element("span", { class: "count" }, totals.get(key).toLocaleString("en")));
    button.addEventListener("click", () => { state.outcome = key; clearFacets(); refresh(); });
    return button;
  });
  byId("outcomes").replaceChildren(...buttons);
}

function drawFacet(facet, counts) {
  for (const value of state.chosen[facet]) if (!counts.has(value)) counts.set(value, 0);
  const numeric = facet === "difficulty";
  const entries = [...counts].sort((a, b) => (numeric ? Number(a[0]) - Number(b[0]) : b[1] - a[1]) || a[0].localeCompare(b[0]));
  const box = byId("facet-" + facet);
  box.hidden = entries.length === 0 || (entries.length === 1 && entries[0][0] === "(none)");
  const options = entries.map(([value, count]) => {
    const input = element("input", { type: "checkbox", value });
    input.checked = state.chosen[facet].has(value);
    input.addEventListener("change", () => {
      if (input.checked) state.chosen[facet].add(value);
      else state.chosen[facet].delete(value);
      refresh();
    });
    return element("label", { title: value }, input, visibleSpan("span", { class: "value" }, value), element("span", { class: "count" }, count.toLocaleString("en")));
  });
  box.replaceChildren(element("h3", {}, FACET_TITLES[facet]), element("div", { class: "options" }, ...options));
}

function clearFacets() {
  for (const facet of FACETS) state.chosen[facet].clear();
}

function drawList() {
  const list = byId("list");
  list.replaceChildren();
  list.scrollTop = 0;
  state.listed = 0;
  extendList();
  const total = state.records.filter((record) => record.outcome === state.outcome).length;
  byId("match-count").textContent = state.matches.length.toLocaleString("en") + " of " + total.toLocaleString("en");
  const filtered = state.query || FACETS.some((facet) => state.chosen[facet].size);
  byId("clear").hidden = !filtered;
  if (!state.matches.length) list.append(element("li", { class: "nothing", role: "presentation" }, "No sample matches these filters."));
}

function extendList() {
  const until = Math.min(state.listed + LIST_STEP, state.matches.length);
  const items = document.createDocumentFragment();
  for (; state.listed < until; state.listed += 1) items.append(listItem(state.matches[state.listed], state.listed));
  byId("list").append(items);
}

function listItem(record, position) {
  const evidence = record.counterexample || record.detail || record.prompt || record.raw || "";
  const item = element("li", { role: "option", id: "item-" + position, "aria-selected": String(record === state.current) },
    element("span", { class: "first" }, visibleSpan("span", { class: "task" }, record.task_id), badge(record)),
    visibleSpan("code", { class: "evidence" }, evidence.slice(0, 160).replace(/\s+/g, " ")));
  item.addEventListener("click", () => { show(position); });
  return item;
}

function badge(record) {
  return element("span", { class: "badge " + (record.reason ? "refuted" : "passed") }, record.reason || record.assurance || "accepted");
}

/** Show the record at a position of the current list and put its address in the URL. */
function show(position, { scroll = true, address = true } = {}) {
  if (position < 0 || position >= state.matches.length) return;
  while (position >= state.listed) extendList();
  state.current = state.matches[position];
  for (const item of byId("list").querySelectorAll('[aria-selected="true"]')) item.setAttribute("aria-selected", "false");
  const item = byId("item-" + position);
  item.setAttribute("aria-selected", "true");
  byId("list").setAttribute("aria-activedescendant", item.id);
  if (scroll) item.scrollIntoView({ block: "nearest" });
  byId("detail").replaceChildren(...detail(state.current));
  byId("detail").scrollTop = 0;
  byId("position").textContent = (position + 1).toLocaleString("en") + " / " + state.matches.length.toLocaleString("en");
  byId("previous").disabled = position === 0;
  byId("next").disabled = position === state.matches.length - 1;
  if (address) writeHash();
}

function step(by) {
  const at = state.matches.indexOf(state.current);
  show(at === -1 ? 0 : Math.min(Math.max(at + by, 0), state.matches.length - 1));
}

/** After a change of filters: keep the current record if it still matches, else show the first. */
function refresh() {
  applyFilters();
  const at = state.matches.indexOf(state.current);
  if (state.matches.length) return show(Math.max(at, 0));
  state.current = null;
  byId("detail").replaceChildren(element("p", { class: "nothing" }, "Nothing to show: loosen the filters on the left."));
  byId("position").textContent = "0 / 0";
  byId("previous").disabled = byId("next").disabled = true;
  return writeHash();
}

function writeHash() {
  const parts = new URLSearchParams();
  if (state.outcome !== "rejected") parts.append("outcome", state.outcome);
  for (const facet of FACETS) for (const value of state.chosen[facet]) parts.append(facet, value);
  if (state.query) parts.append("q", state.query);
  if (state.current) parts.append("task", state.current.task_id);
  history.replaceState(null, "", "#" + parts);
}

/** Take filters and task from the address; true when it named any. */
function readHash() {
  const parts = new URLSearchParams(location.hash.slice(1));
  const task = parts.get("task");
  const named = ["task", "q", "outcome", ...FACETS].some((key) => parts.has(key));
  if (!named) return false;
  const record = task === null ? null : state.records.find((candidate) => candidate.task_id === task);
  state.outcome = Object.hasOwn(OUTCOMES, parts.get("outcome")) ? parts.get("outcome") : record ? record.outcome : "rejected";
  state.query = parts.get("q") || "";
  byId("search").value = state.query;
  for (const facet of FACETS) state.chosen[facet] = new Set(parts.getAll(facet));
  state.current = record || null;
  byId("missing").hidden = task === null || record !== undefined;
  byId("missing").replaceChildren();
  appendVisible(byId("missing"), "Sample " + task + " is not in this page. " + byId("missing").dataset.hint);
  refresh();
  return true;
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const typing = event.target.matches("input[type=search], textarea, select");
  if (event.key === "Escape" && typing) event.target.blur();
  else if (typing) return;
  else if (event.key === "j") step(1);
  else if (event.key === "k") step(-1);
  else if (event.key === "ArrowDown" && event.target.id === "list") step(1);
  else if (event.key === "ArrowUp" && event.target.id === "list") step(-1);
  else if (event.key === "/") byId("search").focus();
  else return;
  event.preventDefault();
}

async function start() {
  try {
    state.records = await unpack(byId("records"));
  } catch (error) {
    byId("detail").replaceChildren(element("p", { class: "nothing" },
      "The embedded samples could not be unpacked (" + error.message + "). A browser with DecompressionStream is needed: " +
      "Chromium 80, Firefox 113, Safari 16.4 or newer."));
    return;
  }
  let waiting = 0;
  byId("search").addEventListener("input", (event) => {
    clearTimeout(waiting);
    waiting = setTimeout(() => { state.query = event.target.value.trim(); refresh(); }, 150);
  });
  byId("previous").addEventListener("click", () => step(-1));
  byId("next").addEventListener("click", () => step(1));
  byId("clear").addEventListener("click", () => { clearFacets(); state.query = byId("search").value = ""; refresh(); });
  byId("list").addEventListener("scroll", (event) => {
    const list = event.target;
    if (list.scrollTop + list.clientHeight > list.scrollHeight - 600 && state.listed < state.matches.length) extendList();
  });
  document.addEventListener("keydown", onKey);
  const follow = () => { if (readHash()) byId("samples").scrollIntoView(); };
  window.addEventListener("hashchange", follow);
  if (!state.records.some((record) => record.outcome === "rejected") && state.records.length) state.outcome = state.records[0].outcome;
  if (readHash()) byId("samples").scrollIntoView();
  else {
    applyFilters();
    show(0, { scroll: false, address: false });
  }
  document.documentElement.dataset.ready = "true";
}
