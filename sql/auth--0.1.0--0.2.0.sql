-- From 0.1.0 to 0.2.0. CONTRIBUTING.md ("Upgrades") says what belongs here.
\echo Use "ALTER EXTENSION auth UPDATE" to load this file. \quit

SELECT auth.take_over_members();
