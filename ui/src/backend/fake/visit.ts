// Another face is another page load, as it is another window in the app.
export function visit(changes: Record<string, string>): void {
  const params = new URLSearchParams(location.search);
  for (const name of ["step", "screen", "profile"]) params.delete(name);
  for (const [name, value] of Object.entries(changes)) params.set(name, value);
  location.search = params.toString();
}
