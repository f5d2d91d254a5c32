// Which identities are one human's: only persons approve, and nobody approves what he asked for.

import { del, get, post, segment } from "../api.js";
import { h } from "../dom.js";
import { announce, ask, empty, field, heading, load, table, tag } from "../parts.js";

export async function people(place, context) {
  context.titled("People");
  const list = h("div", null);
  place.append(heading("People", {
    lead: "Whose identities are whose. A person counts once another one has confirmed it.",
    actions: h("button", { type: "button", class: "primary", onclick: () => enrol(context) },
      "Add a person"),
  }), list);
  const asked = Promise.all([get("/people", context.signal), get("/me", context.signal)]);
  await load(list, asked, ([found, me]) => {
    const persons = found.items;
    return persons.length ? table(columns(context, me), persons, { label: "People" }).element
      : empty("Nobody is known yet", "Approving needs two persons; the first two need nobody.");
  }, { again: context.again });
}

const columns = (context, me) => [
  { name: "Person", class: "c-main", of: (p) => [
    h("span", { class: "row-title" }, p.name, isMe(p, me) && tag("you", "quiet")),
    h("span", { class: "row-text mono" }, p.id)] },
  { name: "Identities", class: "c-res", of: (p) => h("ul", { class: "plain" },
    p.identities.map((key) => h("li", { class: "mono wrap" }, key))) },
  { name: "State", class: "c-state", of: (p) => p.removed ? tag("removed", "plain")
    : p.confirmed ? tag("confirmed", "good") : tag("to be confirmed", "waiting") },
  { name: "Actions", class: "c-acts", of: (p) => p.removed ? null : acts(p, context) },
];

const isMe = (person, me) => (me.person?.id ?? me.person) === person.id;

function acts(person, context) {
  const name = person.name;
  return h("div", { class: "acts" },
    !person.confirmed && h("button", {
      type: "button", "aria-label": `Confirm ${name}`, onclick: () => confirmPerson(person, context),
    }, "Confirm"),
    h("button", {
      type: "button", "aria-label": `Remove ${name}`, onclick: () => removePerson(person, context),
    }, "Remove"));
}

async function enrol(context) {
  const done = await ask({
    title: "Add a person", confirm: "Add",
    text: "Say which identities are theirs. Another person must confirm it.",
    body: [
      field("Id", h("input", { name: "id", required: true, maxlength: 128, autocomplete: "off" }),
        "Short and never given to anybody else, like an e-mail name"),
      field("Name", h("input", { name: "name", required: true, maxlength: 256, autocomplete: "off" })),
      field("Identities", h("textarea", { name: "identities", rows: 3, required: true }),
        "One a line: iam-user:AIDA…, identity-center:name, slack:T…/U…"),
    ],
    act: ({ id, name, identities }) => post("/people", {
      id, name, identities: identities.split(/\s+/).filter(Boolean),
    }),
  });
  after(done, "Added: another person must confirm it", context);
}

async function confirmPerson(person, context) {
  after(await ask({
    title: `Confirm ${person.name}`, confirm: "Confirm",
    text: "You say that all of these identities belong to this one human.",
    body: h("ul", { class: "plain" }, person.identities.map((key) => h("li", { class: "mono" }, key))),
    act: () => post(`/people/${segment(person.id)}/confirmation`),
  }), "Confirmed", context);
}

async function removePerson(person, context) {
  after(await ask({
    title: `Remove ${person.name}`, confirm: "Remove", danger: true,
    text: "Their identities may not approve any more. What they did stays in the history.",
    act: () => del(`/people/${segment(person.id)}`),
  }), "Removed", context);
}

function after(done, text, context) {
  if (!done) return;
  announce(text);
  context.again();
}
