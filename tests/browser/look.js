// What is wrong with the page, as sentences: widths, names, headings, tables, contrast.
() => {
  const out = [];
  const say = (what, node) => out.push(`${what}: ${node.outerHTML.slice(0, 140)}`);
  const named = (node) => (node.getAttribute('aria-label') || node.labels && [...node.labels].map((each) => each.textContent).join('')
    || node.getAttribute('aria-labelledby') || node.textContent || '').trim();
  const root = document.documentElement;
  if (root.scrollWidth > innerWidth) out.push(`the page is ${root.scrollWidth} px wide on a screen of ${innerWidth}`);
  if (root.lang !== 'en') out.push('no language');
  if (document.title.length < 8) out.push('no title');
  if (document.querySelectorAll('h1').length !== 1) out.push('not exactly one h1');
  let level = 0;
  for (const node of document.querySelectorAll('h1,h2,h3,h4')) {
    const next = Number(node.tagName[1]);
    if (next > level + 1) say(`heading jumps from ${level} to ${next}`, node);
    level = next;
  }
  for (const node of document.querySelectorAll('a,button,input:not([type=hidden]),select,meter,summary')) if (!named(node)) say('no name', node);
  for (const node of document.querySelectorAll('table')) {
    if (!node.caption) say('no caption', node);
    for (const head of node.querySelectorAll('th')) if (!head.scope) say('no scope', head);
  }
  for (const node of document.querySelectorAll('svg')) if (node.getAttribute('aria-hidden') !== 'true' && !node.querySelector('title')) say('no text', node);
  for (const node of document.querySelectorAll('.scroll,.log')) if (node.tabIndex !== 0 || !named(node)) say('not reachable', node);
  const ids = [...document.querySelectorAll('[id]')].map((node) => node.id);
  if (new Set(ids).size !== ids.length) out.push(`ids twice: ${ids}`);
  for (const node of document.querySelectorAll('[aria-describedby]'))
    for (const id of node.getAttribute('aria-describedby').split(' ')) if (!document.getElementById(id)) say('describes nothing', node);
  const parse = (text) => text.match(/[\d.]+/g).map(Number);
  const light = (rgb) => {
    const [r, g, b] = rgb.slice(0, 3).map((v) => { v /= 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const rgb = parse(getComputedStyle(at).backgroundColor);
      if (rgb.length < 4 || rgb[3] > 0) return rgb;
    }
    return [255, 255, 255];
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || !node.checkVisibility() || node.closest('svg,script,style,meter,option')) continue;
    const a = light(parse(getComputedStyle(node).color)), b = light(behind(node));
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) say(`contrast ${ratio.toFixed(2)}`, node);
  }
  return out;
}
