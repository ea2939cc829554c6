// The office page's entry.
import "../shared/base.css";
import { mount } from "svelte";
import { chooseDoor } from "../server";
import Office from "./Office.svelte";

const query = new URLSearchParams(location.search);
const target = document.getElementById("app");
if (target) mount(Office, { target, props: { door: await chooseDoor(query), query } });
