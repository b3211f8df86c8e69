// The run page, live: server-sent events, polling where they fail. Without this the page reloads itself.
"use strict";
(() => {
  const box = document.querySelector("[data-run]");
  if (!box || box.dataset.final === "true") return;
  const path = `/api/v1/runs/${box.dataset.run}`;
  const put = (name, text) => {
    const place = document.querySelector(`[data-field="${name}"]`);
    if (place && place.textContent !== text) place.textContent = text;
  };
  const joules = (value) => {
    if (value === null || value === undefined) return "–";
    for (const [factor, unit] of [[1e6, "MJ"], [1e3, "kJ"], [1, "J"], [1e-3, "mJ"], [1e-6, "µJ"]])
      if (value >= factor) return `${Number((value / factor).toPrecision(3))} ${unit}`;
    return "0 J";
  };
  const show = (run) => {
    const at = run.attempt || {};
    if (run.state === "DONE" || run.state === "VOID") { location.reload(); return true; }
    put("state", run.state.toLowerCase());
    put("energy", run.state === "RUNNING" && at.energy_uj !== null ? joules(at.energy_uj / 1e6) : "–");
    put("loss", at.loss_so_far ? at.loss_so_far.toFixed(4) : "–");
    const share = at.progress === null || at.progress === undefined ? "" : ` ${Math.round(100 * at.progress)} %`;
    put("phase", run.state === "RUNNING" ? `${at.phase || "starting"}${share}` : `queued, ${run.queue_position ? `${run.queue_position} before it` : "next"}`);
    put("reason", run.reason || run.message || "");
    put("estimate", run.estimate_s ? `About ${Math.ceil(run.estimate_s)} s.` : "");
    if (run.log_tail) put("log", run.log_tail);
    return false;
  };
  const poll = () => fetch(path).then((answer) => answer.json()).then((run) => show(run) || setTimeout(poll, 1000), () => setTimeout(poll, 3000));
  if (!window.EventSource) { poll(); return; }
  const source = new EventSource(`${path}/events`);
  source.addEventListener("run", (event) => { if (show(JSON.parse(event.data))) source.close(); });
  source.onerror = () => { source.close(); poll(); };
})();
