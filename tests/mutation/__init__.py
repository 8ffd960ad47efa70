"""Mutation testing: one place of the code is changed at a time; does a unit test notice?"""
