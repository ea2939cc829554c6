// Draws the API's document: operations by their first word, each with what it takes and answers. It sends nothing.

const make = (name, text, attributes = {}) => {
  const element = document.createElement(name);
  if (text) element.textContent = text;
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
};

// A schema with its references put in their places; a reference inside itself is left as its name.
const whole = (schema, schemas, above = []) => {
  if (Array.isArray(schema)) return schema.map((part) => whole(part, schemas, above));
  if (schema === null || typeof schema !== "object") return schema;
  if (schema.$ref) {
    const name = schema.$ref.split("/").pop();
    if (above.includes(name) || !schemas[name]) return name;
    return whole(schemas[name], schemas, [...above, name]);
  }
  return Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, whole(value, schemas, above)]));
};

const draw = (method, path, operation, schemas) => {
  const details = make("details", "", { "data-words": `${method} ${path} ${operation.summary}`.toLowerCase() });
  const summary = make("summary");
  summary.append(make("span", method, { class: "method" }), make("code", path), ` ${operation.summary}`);
  details.append(summary);
  for (const need of operation.security ?? []) details.append(make("p", `The token needs ${need.bearer.join(", ")}.`));
  const parameters = operation.parameters ?? [];
  if (parameters.length > 0) {
    const list = make("dl");
    for (const { name, in: place, schema } of parameters) {
      list.append(make("dt", `${name} (${place})`), make("dd", JSON.stringify(schema)));
    }
    details.append(list);
  }
  const show = (title, content) => {
    details.append(make("h3", title));
    const schema = content?.["application/json"]?.schema;
    if (schema) details.append(make("pre", JSON.stringify(whole(schema, schemas), null, 2)));
  };
  if (operation.requestBody) show("Takes", operation.requestBody.content);
  for (const [status, response] of Object.entries(operation.responses)) {
    show(`${status} ${response.description}`, response.content);
  }
  return details;
};

const start = async () => {
  const place = document.getElementById("operations");
  const answer = await fetch("/api/v1/openapi.json");
  const { info, paths, components } = await answer.json();
  document.getElementById("about").textContent = `Version ${info.version}. ${info.description}`;
  const groups = new Map();
  for (const [path, operations] of Object.entries(paths)) {
    for (const [method, operation] of Object.entries(operations)) {
      const group = operation.tags[0];
      if (!groups.has(group)) groups.set(group, []);
      groups.get(group).push(draw(method, path, operation, components.schemas));
    }
  }
  place.replaceChildren();
  for (const [group, operations] of [...groups].sort()) {
    const section = make("section");
    section.append(make("h2", group), ...operations);
    place.append(section);
  }
  document.getElementById("search").addEventListener("input", (event) => {
    const wanted = event.target.value.toLowerCase();
    for (const section of place.children) {
      let shown = 0;
      for (const details of section.querySelectorAll("details")) {
        details.hidden = !details.dataset.words.includes(wanted);
        shown += details.hidden ? 0 : 1;
      }
      section.hidden = shown === 0;
    }
  });
};

start().catch((error) => {
  document.getElementById("operations").textContent = `The document cannot be read: ${error}`;
});
