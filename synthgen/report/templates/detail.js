// One sample in full: what was asked, what was written, what each check found.

function section(title, ...children) {
  return element("section", {}, element("h4", {}, title), ...children);
}

function fact(name, value) {
  if (value === null || value === undefined || value === "") return null;
  return element("div", {}, element("dt", {}, name), visibleSpan("dd", {}, String(value)));
}

function checkRow(result) {
  const words = [visibleSpan("span", { class: "said" }, result.detail || "")];
  if (result.counterexample) words.push(visibleSpan("code", {}, result.counterexample));
  return element("tr", { class: result.status },
    element("th", { scope: "row" }, result.check.replaceAll("_", " ")),
    element("td", {}, element("span", { class: "badge " + result.status }, result.status)),
    element("td", { class: "said-cell" }, ...words),
    element("td", { class: "number" }, result.wall_s === undefined ? "" : (1000 * result.wall_s).toFixed(result.wall_s < 0.01 ? 1 : 0) + " ms"));
}

function contractLines(contracts) {
  const lines = [];
  for (const kind of ["pre", "post", "raises"]) for (const clause of contracts[kind] || []) lines.push(kind + ": " + clause);
  return lines.join("\n");
}

function evidence(record) {
  if (!record.reason) return null;
  const box = element("div", { class: "verdict-box" },
    element("p", { class: "why" }, element("strong", {}, record.reason), " in ", element("strong", {}, record.check || "no check")));
  if (record.counterexample) {
    box.append(element("p", { class: "label" }, "Counterexample"));
    const block = textBlock(record.counterexample, { kind: "code" });
    block.id = "counterexample";
    box.append(block);
  }
  if (record.detail) box.append(textBlock(record.detail));
  return box;
}

function detail(record) {
  const parts = [
    element("header", {}, visibleSpan("h3", { class: "task" }, record.task_id), badge(record)),
    element("dl", { class: "facts" }, fact("topic", record.topic), fact("difficulty", record.difficulty), fact("style", record.style),
      fact("planted fault", record.fault), fact("assurance", record.assurance), fact("entry point", record.entry_point), fact("model", record.model), fact("index", record.index)),
    evidence(record),
  ];
  if (record.prompt) parts.push(section("Statement", textBlock(record.prompt, { kind: "statement" })));
  if (record.solution) parts.push(section("Solution", textBlock(record.solution, { kind: "code" })));
  if (record.tests) parts.push(section("Tests", textBlock(record.tests, { kind: "code" })));
  const contracts = contractLines(record.contracts || {});
  if (contracts) parts.push(section("Contracts", textBlock(contracts, { kind: "code" })));
  if (record.checks.length) {
    const rows = record.checks.map(checkRow);
    const head = element("thead", {}, element("tr", {}, ...["Check", "Result", "What it found", "Time"].map((title) => element("th", { scope: "col" }, title))));
    parts.push(section("Checks", element("div", { class: "table-scroll" }, element("table", { class: "checks" }, head, element("tbody", {}, ...rows)))));
  }
  if (record.reference) parts.push(section("Reference", textBlock(record.reference, { kind: "code" })));
  if (record.raw) parts.push(section("Raw completion", textBlock(record.raw)));
  return parts.filter(Boolean);
}

start();
