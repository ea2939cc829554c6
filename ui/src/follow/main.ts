// The follow page's entry: its face arrives with the customer's phone.
import "../shared/base.css";
