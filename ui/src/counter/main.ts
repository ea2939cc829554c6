// The counter page's entry.
import "../shared/base.css";
import { mount } from "svelte";
import { chooseDoor } from "../server";
import Counter from "./Counter.svelte";

const query = new URLSearchParams(location.search);
const target = document.getElementById("app");
if (target) mount(Counter, { target, props: { door: await chooseDoor(query), query } });
