// The follow page's entry: opened on a phone by the code on a slip.
import "../shared/base.css";
import { mount } from "svelte";
import { chooseDoor } from "../server";
import Follow from "./Follow.svelte";

const query = new URLSearchParams(location.search);
const target = document.getElementById("app");
if (target) mount(Follow, { target, props: { door: await chooseDoor(query), path: location.pathname, query } });
