-- A preset is a few hundred bytes. What was kept before that was checked, and is larger than settings may be, was never meant as
-- one: each look at the list had to read it.
DELETE FROM preset WHERE length(settings) > 8000;
