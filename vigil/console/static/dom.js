// Makes elements. Every text becomes a text node: what strangers wrote can never become markup.

const SVG = "http://www.w3.org/2000/svg";
const PROPERTIES = new Set(["value", "checked", "disabled", "selected", "open", "indeterminate"]);

/** Returns an element; `on*` are listeners, `dataset` and true/false/null attributes work. */
export function h(tag, attributes, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** The same for SVG. */
export function s(tag, attributes, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) set(element, name, value);
  append(element, children);
  return element;
}

function set(element, name, value) {
  if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
  else if (name === "dataset") Object.assign(element.dataset, value);
  else if (PROPERTIES.has(name)) assign(element, name, value);
  else if (name === "width%") element.style.width = `${value}%`;
  else if (value === true) element.setAttribute(name, "");
  else if (value !== false && value !== null && value !== undefined) {
    element.setAttribute(name, String(value));
  }
}

// What is not known is not set: a progress bar without a value is one that does not know.
function assign(element, name, value) {
  if (value !== undefined) element[name] = value ?? "";
}

/** Appends nodes, texts and lists of them; nothing for null, undefined and false. */
export function append(parent, children) {
  for (const child of [children].flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    parent.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
}

/** Replaces what an element holds. */
export function show(parent, ...children) {
  parent.replaceChildren();
  append(parent, children);
}

/** Returns a link inside the console; `app.js` follows it without loading the page again. */
export function link(to, attributes, ...children) {
  return h("a", { href: to, ...attributes }, ...children);
}

/** Returns the URL if a browser may follow it, else null: no `javascript:` from anybody. */
export function safeUrl(text) {
  try {
    const url = new URL(String(text));
    return ["http:", "https:"].includes(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

/** Returns a path with its parameters; empty ones are left out. */
export function pathWith(path, parameters) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== null && value !== undefined && value !== "") query.set(name, value);
  }
  const text = query.toString();
  return text ? `${path}?${text}` : path;
}

/** Returns a path with one more segment. */
export const segmentPath = (path, segment) => `${path}/${encodeURIComponent(segment)}`;
